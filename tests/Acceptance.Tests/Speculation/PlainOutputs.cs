using Tessera.Acceptance.Tests.RealModel;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.Speculation;

/// <summary>What plain decoding says to the recorded prompts; computed once, all of them at once.</summary>
public sealed class PlainOutputs(SharedStack stack)
{
    private Generation[]? _outputs;

    internal async Task<Generation[]> GetAsync(Goldens goldens)
    {
        if (_outputs is not null)
            return _outputs;
        await using SteppedEngine engine = new(stack.Host.Build(goldens.Model, ActivationPrecision.Fast, SpeculationTests.Context), SpeculationTests.Options);
        GenerationStream[] streams = [.. goldens.List.Select(c => engine.Submit(c.Ids, SpeculationTests.Tokens, top: 0))];
        engine.Run();
        return _outputs = [.. streams.Select(SteppedEngine.Read)];
    }
}
