using Tessera.Engine.Generation;
using Tessera.Engine.Grammars;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Tests.Scheduling;

[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>Runs alone: it counts what the whole process allocates.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    [Theory]
    [InlineData(false), InlineData(true)]
    public void A_decode_step_allocates_nothing(bool sampled)
    {
        using LedgerEngine ledger = new(maxContext: 4096);
        SamplingOptions sampling = !sampled ? LedgerEngine.Greedy : new SamplingOptions
        {
            Seed = 1, TopK = 50, TypicalP = 0.95f, TopP = 0.9f, MinP = 0.01f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f, LogitBias = new Dictionary<int, float> { [3] = 1, [257] = -50, [258] = -50 },
        };
        for (int i = 0; i < 4; i++)
            ledger.Submit(LedgerEngine.Prompt(10 + i, 20), 1900);
        ledger.Run();
        // From here on no memory is to be had: blocks come from what the prefix cache has kept.
        ledger.Budget.Limit = ledger.Budget.Reserved;
        ledger.Records.Clear();
        for (int i = 0; i < 4; i++)
            ledger.Engine.Submit(new GenerationRequest { Prompt = LedgerEngine.Prompt(i, 20), MaxTokens = 2000, Sampling = sampling, Stop = ["never found in noise"], TopLogProbabilities = 5 });
        ledger.Records.Capacity = 4000;
        Steps(ledger, 700);
        long best = long.MaxValue;
        for (int round = 0; round < 4 && best > 0; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Steps(ledger, 300);
            best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(0, best);
        Assert.Equal(4, ledger.Records[^1].Emitted);
        Assert.Empty(ledger.Backend.Violations);
        Assert.Null(ledger.Engine.Faulted);
    }

    /// <summary>Once its states are known, a grammar costs no memory.</summary>
    [Fact]
    public void A_decode_step_with_a_grammar_allocates_nothing()
    {
        using LedgerEngine ledger = new(maxContext: 4096);
        Grammar grammar = Grammar.Parse("root ::= ([a-z]{1,6} \", \" | \"(\" [0-9]+ \")\")*");
        for (int i = 0; i < 4; i++)
            ledger.Engine.Submit(new GenerationRequest { Prompt = LedgerEngine.Prompt(i, 20), MaxTokens = 2000, Sampling = new SamplingOptions { Seed = 3, TopK = 20 }, IgnoreEndTokens = true, Grammar = grammar });
        ledger.Records.Capacity = 4000;
        Steps(ledger, 1200);
        long best = long.MaxValue;
        for (int round = 0; round < 4 && best > 0; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Steps(ledger, 60);
            best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(0, best);
        Assert.Equal(4, ledger.Records[^1].Emitted);
        Assert.Empty(ledger.Backend.Violations);
    }

    private static void Steps(LedgerEngine ledger, int count)
    {
        for (int i = 0; i < count; i++)
            ledger.Engine.Step();
    }
}
