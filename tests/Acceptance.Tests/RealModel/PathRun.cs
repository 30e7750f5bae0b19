using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.RealModel;

/// <summary>All prompts as one continuous batch, and the perplexity text, on one path; computed when first asked for.</summary>
internal sealed class PathRun(ActivationPrecision activations)
{
    private const int Top = 20;

    private readonly Lazy<Goldens> _goldens = new(Goldens.Require);
    private Generation[]? _generations;
    private double[]? _text;

    public Goldens Goldens => _goldens.Value;

    /// <summary>What each prompt got, in the order of the cases.</summary>
    public async Task<Generation[]> GenerationsAsync(HostStack stack)
    {
        if (_generations is not null)
            return _generations;
        Composition composition = stack.Build(Goldens.Model, activations, 2048);
        Assert.Equal(activations == ActivationPrecision.Float32 ? KvType.F32 : KvType.F16, composition.Limits.KvType);
        // No step is cut short: how prompts and continuations mix does not depend on the machine.
        await using SteppedEngine engine = new(composition, new EngineOptions { StepMs = 600_000 });
        GenerationStream[] streams = [.. Goldens.List.Select(c => engine.Submit(c.Ids, Goldens.Steps, Top))];
        engine.Run();
        Assert.Contains(engine.Records, r => r.DecodeRows == Goldens.Cases);
        Assert.Contains(engine.Records, r => r.PrefillRows > 0 && r.DecodeRows > 0);
        return _generations = [.. streams.Select(SteppedEngine.Read)];
    }

    /// <summary>The best tokens that may follow a sequence.</summary>
    public async Task<Generation> NextAsync(HostStack stack, int[] ids)
    {
        await using SteppedEngine engine = new(stack.Build(Goldens.Model, activations, 2048), new EngineOptions { StepMs = 600_000 });
        GenerationStream stream = engine.Submit(ids, 1, Top);
        engine.Run();
        return SteppedEngine.Read(stream);
    }

    /// <summary>The log-probabilities of the text's tokens.</summary>
    public double[] Text(HostStack stack)
    {
        return _text ??= stack.LogProbabilities(Goldens.Model, activations, Goldens.Text.Ids);
    }
}
