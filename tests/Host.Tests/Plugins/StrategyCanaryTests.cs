using Tessera.Abstractions.Decoding;
using Tessera.Host.Plugins;

namespace Tessera.Host.Tests.Plugins;

public sealed class StrategyCanaryTests
{
    [Fact]
    public void A_strategy_that_keeps_the_contract_passes() => Assert.Null(StrategyCanary.Check(new Strategy((sequence, sink, i) =>
    {
        ReadOnlySpan<int> output = sequence.Tokens.Span[sequence.PromptLength..];
        if (output.Length < sequence.Prediction.Length)
            sink.Add(i, 0, sequence.Prediction.Span[output.Length..]);
    })));

    [Fact]
    public void Ids_that_are_none_are_found() =>
        Assert.Contains("-1 is not in 0 to 258", StrategyCanary.Check(new Strategy((sequence, sink, i) => sink.Add(i, 0, [-1]))), StringComparison.Ordinal);

    [Fact]
    public void A_throw_is_found() =>
        Assert.Contains("NotSupportedException", StrategyCanary.Check(new Strategy((sequence, sink, i) => throw new NotSupportedException())), StringComparison.Ordinal);

    private delegate void Draft(DraftSequence sequence, IDraftSink sink, int index);

    private sealed class Strategy(Draft draft) : IDecodingStrategy
    {
        public int MaxDraft => 4;
        public IReadOnlyList<string> Sources { get; } = ["test"];

        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
        {
            for (int i = 0; i < sequences.Length; i++)
                draft(sequences[i], sink, i);
        }

        public void Verified(long sequence, int proposed, int accepted) { }
        public void Ended(long sequence) { }
    }
}
