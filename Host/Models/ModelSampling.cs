using Tessera.Engine.Sampling;

namespace Tessera.Host.Models;

/// <summary>A model's sampling defaults: what the configuration says, else what the model's files recommend, else everything off.</summary>
public static class ModelSampling
{
    /// <summary>Joins them.</summary>
    public static SamplingOptions Defaults(SamplingDefaults files, SamplingDefaults configured)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(configured);
        SamplingOptions off = SamplingOptions.Default;
        return off with
        {
            Temperature = configured.Temperature ?? files.Temperature ?? off.Temperature,
            TopK = configured.TopK ?? files.TopK ?? off.TopK,
            TopP = configured.TopP ?? files.TopP ?? off.TopP,
            MinP = configured.MinP ?? files.MinP ?? off.MinP,
            TypicalP = configured.TypicalP ?? files.TypicalP ?? off.TypicalP,
            RepetitionPenalty = configured.RepetitionPenalty ?? files.RepetitionPenalty ?? off.RepetitionPenalty,
        };
    }
}
