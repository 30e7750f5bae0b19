using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.HfModels;

/// <summary>Rotations that follow a sequence's length, from a model's entry to what is served: by the context that the user gave, else by prompt and tokens to generate.</summary>
public sealed class HfPlanTests(SharedStack stack)
{
    // The model's rotations change above 64 tokens; prompt and continuation have 44.
    private const int Long = 500;

    [Fact]
    public async Task Served_sequences_rotate_by_the_context_that_was_given_else_by_their_own_length()
    {
        HfGolden golden = HfGolden.Require("phi3");
        int[] own = await ServeAsync(golden, context: null), given = await ServeAsync(golden, Long);
        Assert.Equal(golden.Greedy, own);
        Assert.NotEqual(own, given);
        using Composition composition = stack.Host.Build(golden.Folder, ActivationPrecision.Float32, Long);
        using SequenceEvaluator planned = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits, Long);
        Assert.Equal(planned.Greedy(golden.Prompt, given.Length), given);
    }

    private async Task<int[]> ServeAsync(HfGolden golden, int? context)
    {
        await using SteppedEngine engine = new(stack.Host.Build(golden.Folder, ActivationPrecision.Float32, context));
        Engine.Generation.GenerationStream stream = engine.Submit(golden.Prompt, golden.Greedy.Length);
        engine.Run();
        return SteppedEngine.Read(stream).Tokens;
    }
}
