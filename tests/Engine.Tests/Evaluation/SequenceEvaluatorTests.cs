using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Evaluation;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests.Evaluation;

public sealed class SequenceEvaluatorTests
{
    [Theory]
    [InlineData(1), InlineData(7), InlineData(512)]
    public void Logits_and_continuation_are_the_models(int maxRows)
    {
        using LedgerEngine ledger = new(maxRows: maxRows, maxSequences: 1, windows: [0, 20]);
        using (SequenceEvaluator evaluator = Evaluator(ledger))
        {
            int[] tokens = LedgerEngine.Prompt(1, 90);
            List<int> given = [];
            int[] greedy = evaluator.Evaluate(tokens, [89, 3, 40, 3, .. Enumerable.Range(50, 20)], (position, logits) =>
            {
                given.Add(position);
                Assert.Equal(ledger.Model.Expected(tokens[..(position + 1)]), logits.ToArray());
            }, 25);
            Assert.Equal([3, 40, .. Enumerable.Range(50, 20), 89], given);
            Assert.Equal(ledger.Model.Greedy(tokens, 25), greedy);
            Assert.Equal(ledger.Model.Greedy(tokens[..9], 3), evaluator.Greedy(tokens.AsSpan(0, 9), 3));
            Assert.Empty(evaluator.Greedy(tokens, 0));
        }
        Assert.Equal(0, ledger.Budget.Reserved);
        Assert.Empty(ledger.Backend.Violations);
    }

    [Theory]
    [InlineData(0), InlineData(4)]
    public void A_runtime_that_finds_the_best_token_itself_hands_no_other_logits_out_than_are_wanted(int maxBest)
    {
        using LedgerEngine ledger = new(maxSequences: 1, maxBest: maxBest);
        using SequenceEvaluator evaluator = Evaluator(ledger);
        LedgerRuntime runtime = Assert.Single(ledger.Backend.Runtimes);
        int[] tokens = LedgerEngine.Prompt(1, 30);
        Assert.Equal(ledger.Model.Greedy(tokens, 6), evaluator.Greedy(tokens, 6));
        Assert.Equal(maxBest == 0 ? (6L, 0L) : (0L, 6L), (runtime.LogitRows, runtime.ChosenRows));
        List<int> given = [];
        Assert.Equal(ledger.Model.Greedy(tokens, 6), evaluator.Evaluate(tokens, [29, 3], (position, logits) =>
        {
            given.Add(position);
            Assert.Equal(ledger.Model.Expected(tokens[..(position + 1)]), logits.ToArray());
        }, 6));
        Assert.Equal([3, 29], given);
        Assert.Equal(maxBest == 0 ? (13L, 0L) : (2L, 12L), (runtime.LogitRows, runtime.ChosenRows));
        ledger.Backend.NanToken = tokens[^1];
        Assert.Contains("after 30 tokens are not numbers", Message(() => evaluator.Greedy(tokens, 1)), StringComparison.Ordinal);
        Assert.Empty(ledger.Backend.Violations);
    }

    [Fact]
    public void Rotations_follow_the_context_that_was_given_else_the_sequence_itself()
    {
        RopeTable rotation = new(RopePairing.Halves, [1], 1) { Long = new LongRope(30, [0.5f], 1) };
        using LedgerEngine ledger = new(model: new LedgerModel(ByteTokenizer.Size, rotation: rotation));
        Composition composition = ledger.Engine.Composition;
        int[] tokens = LedgerEngine.Prompt(1, 20);
        using (SequenceEvaluator own = Evaluator(ledger))
        {
            Assert.Equal(ledger.Model.Greedy(tokens, 10), own.Greedy(tokens, 10));
            Assert.Equal(ledger.Model.Greedy(tokens, 11, planned: 31), own.Greedy(tokens, 11));
        }
        using SequenceEvaluator given = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits, plannedContext: 64);
        Assert.Equal(ledger.Model.Greedy(tokens, 10, planned: 64), given.Greedy(tokens, 10));
        Assert.NotEqual(ledger.Model.Greedy(tokens, 10), given.Greedy(tokens, 10));
        Assert.Empty(ledger.Backend.Violations);
    }

    [Fact]
    public void Errors_name_what_is_wrong()
    {
        using LedgerEngine ledger = new(maxContext: 32, blocks: 1);
        using SequenceEvaluator evaluator = Evaluator(ledger);
        Action<int, ReadOnlySpan<float>> none = (_, _) => { };
        Assert.Contains("at least one", Message(() => evaluator.Evaluate([], [], none)), StringComparison.Ordinal);
        Assert.Contains("token 259 at index 1", Message(() => evaluator.Evaluate([1, 259], [], none)), StringComparison.Ordinal);
        Assert.Contains("token -1 at index 0", Message(() => evaluator.Evaluate([-1], [], none)), StringComparison.Ordinal);
        Assert.Contains("position 2 is not in 0 to 1", Message(() => evaluator.Evaluate([1, 2], [2], none)), StringComparison.Ordinal);
        Assert.Contains("context of 32", Message(() => evaluator.Greedy([1, 2], 32)), StringComparison.Ordinal);
        Assert.Contains("kv.memory", Message(() => evaluator.Greedy(new int[17], 1)), StringComparison.Ordinal);
        Assert.Equal(ledger.Model.Greedy([1, 2], 3), evaluator.Greedy([1, 2], 3));
    }

    private static SequenceEvaluator Evaluator(LedgerEngine ledger)
    {
        Composition composition = ledger.Engine.Composition;
        return new(composition.Name, composition.Graph, composition.Runtime, composition.Limits);
    }

    private static string Message(Action action) => Assert.ThrowsAny<TesseraException>(action).Message;
}
