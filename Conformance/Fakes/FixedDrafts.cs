namespace Tessera.Conformance.Fakes;

/// <summary>Drafts from scripts: a sequence whose tokens begin a script gets the script's next tokens, some of them made wrong on purpose.</summary>
/// <param name="maxDraft">The most draft tokens for one sequence in one step.</param>
/// <param name="scripts">Whole sequences: prompt and continuation.</param>
public sealed class FixedDrafts(int maxDraft, params IEnumerable<IReadOnlyList<int>> scripts) : IDecodingStrategy
{
    private readonly int[][] _scripts = [.. scripts.Select(s => s.ToArray())];
    private readonly List<long> _ended = [];
    private readonly List<string> _problems = [];
    private readonly Dictionary<long, int> _open = [];
    private int[] _draft = [];

    /// <inheritdoc/>
    public int MaxDraft { get; } = maxDraft;

    /// <inheritdoc/>
    public IReadOnlyList<string> Sources { get; } = ["scripts"];

    /// <summary>Every so-many-th place of a sequence gets a wrong token; 0: none does.</summary>
    public int WrongEvery { get; init; }

    /// <summary>The token that stands for another one in a wrong place; the right token + 1 where the two are the same.</summary>
    public int WrongToken { get; init; }

    /// <summary>The tokens that were proposed.</summary>
    public int Proposed { get; private set; }

    /// <summary>The tokens that were accepted.</summary>
    public int Accepted { get; private set; }

    /// <summary>The ids of the sequences that ended, in order.</summary>
    public IReadOnlyList<long> EndedSequences => _ended;

    /// <summary>What the engine did that the contract does not allow; empty when all is well.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <inheritdoc/>
    public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        for (int i = 0; i < sequences.Length; i++)
        {
            DraftSequence sequence = sequences[i];
            if (_ended.Contains(sequence.Id))
                _problems.Add($"sequence {sequence.Id} is drafted for after its end");
            ReadOnlySpan<int> draft = Draft(sequence);
            if (draft.IsEmpty)
                continue;
            Proposed += draft.Length;
            _open[sequence.Id] = draft.Length;
            sink.Add(i, 0, draft);
        }
    }

    /// <inheritdoc/>
    public void Verified(long sequence, int proposed, int accepted)
    {
        if (!_open.Remove(sequence, out int open) && proposed > 0)
            _problems.Add($"sequence {sequence}: {proposed} draft tokens verified, none were proposed");
        else if (proposed > open || accepted > proposed || accepted < 0)
            _problems.Add($"sequence {sequence}: {open} draft tokens proposed, {proposed} verified, {accepted} accepted");
        Accepted += accepted;
    }

    /// <inheritdoc/>
    public void Ended(long sequence)
    {
        if (_ended.Contains(sequence))
            _problems.Add($"sequence {sequence} ended twice");
        _ended.Add(sequence);
        _open.Remove(sequence);
    }

    private ReadOnlySpan<int> Draft(in DraftSequence sequence)
    {
        ReadOnlySpan<int> tokens = sequence.Tokens.Span;
        foreach (int[] script in _scripts)
        {
            int count = Math.Min(Math.Min(sequence.Room, MaxDraft), script.Length - tokens.Length);
            if (count <= 0 || !script.AsSpan(0, tokens.Length).SequenceEqual(tokens))
                continue;
            _draft = script.AsSpan(tokens.Length, count).ToArray();
            for (int i = 0; i < count; i++)
                if (WrongEvery > 0 && (tokens.Length + i) % WrongEvery == 0)
                    _draft[i] = _draft[i] == WrongToken ? WrongToken + 1 : WrongToken;
            return _draft;
        }
        return [];
    }
}
