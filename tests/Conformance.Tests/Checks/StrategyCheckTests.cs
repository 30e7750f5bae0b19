using Tessera.Conformance.Checks;

namespace Tessera.Conformance.Tests.Checks;

public sealed class StrategyCheckTests
{
    [Fact]
    public void None_and_a_good_one_pass()
    {
        Assert.Null(StrategyCheck.Problem(() => null));
        Assert.Null(StrategyCheck.Problem(() => new Drafts(4, (tokens, room) => tokens[..Math.Min(room, 4)])));
    }

    [Fact]
    public void More_than_there_is_room_for_is_found() =>
        Assert.Contains("a draft of 4 tokens, room is ", StrategyCheck.Problem(() => new Drafts(4, (tokens, _) => tokens[..4])), StringComparison.Ordinal);

    [Fact]
    public void An_id_that_no_sequence_has_is_found() =>
        Assert.Contains("the draft [99]", StrategyCheck.Problem(() => new Drafts(1, (_, room) => room > 0 ? [99] : [])), StringComparison.Ordinal);

    [Fact]
    public void A_sequence_that_is_not_there_is_found() =>
        Assert.Contains("a draft for sequence 3 of a call of 3", StrategyCheck.Problem(() => new Drafts(1, (_, _) => [1]) { Shift = 1 }), StringComparison.Ordinal);

    [Fact]
    public void One_that_depends_on_chance_is_found()
    {
        Random random = new(1);
        Assert.Contains("from another instance, asked the same", StrategyCheck.Problem(() => new Drafts(1, (_, room) => room > 0 ? [random.Next(20)] : [])), StringComparison.Ordinal);
    }

    private sealed class Drafts(int most, Func<int[], int, int[]> draft) : IDecodingStrategy
    {
        public int Shift { get; init; }

        public int MaxDraft => most;

        public IReadOnlyList<string> Sources { get; } = ["test"];

        public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
        {
            for (int i = 0; i < sequences.Length; i++)
                if (draft(sequences[i].Tokens.ToArray(), sequences[i].Room) is { Length: > 0 } tokens)
                    sink.Add(i + Shift, 0, tokens);
        }

        public void Verified(long sequence, int proposed, int accepted)
        {
        }

        public void Ended(long sequence)
        {
        }
    }
}
