using Tessera.Engine.Sampling;

namespace Tessera.Host.Models;

/// <summary>A model's sampling defaults: what the configuration says, else what the model's files recommend, else everything off.</summary>
public static class ModelSampling
{
    private const float Most = 100;

    /// <summary>Joins them. What is out of the samplers' range, as a top-p of 0, becomes the nearest number in it: it must not fail every request.</summary>
    public static SamplingOptions Defaults(SamplingDefaults files, SamplingDefaults configured)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(configured);
        SamplingOptions off = SamplingOptions.Default;
        return off with
        {
            Temperature = Math.Min(Most, configured.Temperature ?? files.Temperature ?? off.Temperature),
            TopK = configured.TopK ?? files.TopK ?? off.TopK,
            TopP = Math.Max(float.Epsilon, configured.TopP ?? files.TopP ?? off.TopP),
            MinP = configured.MinP ?? files.MinP ?? off.MinP,
            TypicalP = Math.Max(float.Epsilon, configured.TypicalP ?? files.TypicalP ?? off.TypicalP),
            RepetitionPenalty = Math.Min(Most, configured.RepetitionPenalty ?? files.RepetitionPenalty ?? off.RepetitionPenalty),
        };
    }
}
