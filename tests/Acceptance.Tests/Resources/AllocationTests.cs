using Tessera.Acceptance.Tests.Stack;
using Tessera.Conformance.Fakes;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Acceptance.Tests.Resources;

public sealed class AllocationTests
{
    private const int Streams = 4, Warm = 100, Steps = 200, Rounds = 4, Context = 1024;

    [Theory]
    [InlineData("q4_k", 1), InlineData("q8_0", 2), InlineData("f16", 3)]
    public async Task A_decode_step_allocates_nothing_process_wide(string type, int lanes)
    {
        await using HostStack stack = new(lanes);
        using TemporaryFile file = new();
        new SeededModel { Type = type, Layers = 1 }.Write(file.Path, stack.Plugins);
        FixedBudget budget = new(HostStack.KvBytes);
        await using SteppedEngine engine = new(stack.Build(file.Path, ActivationPrecision.Fast, Context, budget));
        // From the second round on there is no memory to be had: blocks come from what the prefix cache has kept.
        for (int i = 0; i < Streams; i++)
            engine.Submit(SeededModel.Tokens(i, 20), Context - 20);
        engine.Run();
        budget.Limit = budget.Reserved;
        engine.Records.Clear();
        engine.Records.Capacity = 2 * Context;
        SamplingOptions sampled = new() { Seed = 1, TopK = 50, TopP = 0.9f, RepetitionPenalty = 1.1f };
        for (int i = 0; i < Streams; i++)
            engine.Engine.Submit(new GenerationRequest
            {
                Prompt = SeededModel.Tokens(10 + i, 20),
                MaxTokens = Context - 20,
                Sampling = i % 2 == 0 ? new SamplingOptions { Temperature = 0 } : sampled,
                IgnoreEndTokens = true,
                TopLogProbabilities = 5,
            });
        Step(engine, Warm);
        // A pool or a timer of the runtime itself may wake once; a step that allocates does so in every round.
        long least = long.MaxValue;
        for (int round = 0; round < Rounds && least > 0; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Step(engine, Steps);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(0, least);
        Assert.Equal((Streams, 0, Streams), (engine.Records[^1].DecodeRows, engine.Records[^1].PrefillRows, engine.Records[^1].Emitted));
        Assert.Null(engine.Engine.Faulted);
    }

    private static void Step(SteppedEngine engine, int count)
    {
        for (int i = 0; i < count; i++)
            engine.Engine.Step();
    }
}
