using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Spec.Decoding.Tests;

[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>Runs alone: it counts what the whole process allocates.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    private const int Context = 8192, Warm = 1200, Steps = 60;

    [Theory]
    [InlineData(false), InlineData(true)]
    public void A_step_that_drafts_allocates_nothing(bool sampled)
    {
        // Few different tokens: every source has something to say.
        LedgerModel model = new(12), draft = new(12, [2]);
        using SpecEngine engine = new(new SpecOptions { SuffixTokens = 512, MaxDraft = 4 }, model, draft, maxContext: Context, maxSequences: 4);
        SamplingOptions sampling = sampled ? new SamplingOptions { Temperature = 1, TopK = 8, RepetitionPenalty = 1.1f } : SpecEngine.Greedy;
        int[] Prompt(int i) => [.. Enumerable.Range(0, 20).Select(t => (t * t + i) % 12)];
        for (int i = 0; i < 4; i++)
            engine.Engine.Submit(new GenerationRequest { Prompt = Prompt(i), MaxTokens = Context - 20, Sampling = sampling, Prediction = i == 0 ? Enumerable.Range(0, 12).ToArray() : default });
        Step(engine, Warm);
        long best = long.MaxValue;
        int before = engine.Drafts.Values.Sum(d => d.Proposed);
        for (int round = 0; round < 10 && best > 0; round++)
        {
            long from = GC.GetTotalAllocatedBytes(precise: true);
            Step(engine, Steps);
            best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - from);
        }
        Assert.Equal(0, best);
        Assert.True(engine.Drafts.Values.Sum(d => d.Proposed) > before + 4 * Steps);
        Assert.Equal(4, engine.Engine.Load.Running);
        Assert.Empty(engine.Backend.Violations);
        Assert.Equal(0, engine.Engine.Speculation!.Faults);
    }

    private static void Step(SpecEngine engine, int count)
    {
        for (int i = 0; i < count; i++)
            engine.Engine.Step();
    }
}
