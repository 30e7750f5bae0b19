namespace Tessera.Spec.Decoding.Sources;

/// <summary>A draft model's own continuation: the next token of every sequence at once, once for each place of the draft.</summary>
internal sealed class DraftModelSource : IDraftSource
{
    /// <summary>The most tokens of a draft: each costs a batch.</summary>
    private const int MostDraft = 8;

    private readonly Random _random = new(1);
    private readonly DraftCandidate[] _candidates = new DraftCandidate[IDraftSink.MaxCandidates];
    private IDraftModel? _model;
    private DraftModelSequence[] _asked = [];
    private int[] _indexes = [];
    private int[][] _drafts = [];

    public void Attach(IDraftModel model) => _model = model;

    /// <inheritdoc/>
    public DraftTraits Traits => new(MostDraft);

    /// <inheritdoc/>
    public void Propose(Turn turn)
    {
        if (_model is null)
            return;
        Reserve(turn);
        int active = 0;
        for (int i = 0; i < turn.Count; i++)
            if (turn.IsOpen(i) && turn.Sequence(i).ModelRoom > 0)
                _indexes[active++] = i;
        for (int place = 0; place < Math.Min(turn.Draft.Length, MostDraft) && active > 0; place++)
        {
            for (int a = 0; a < active; a++)
            {
                ref readonly DraftSequence sequence = ref turn.Sequence(_indexes[a]);
                _asked[a] = new DraftModelSequence(sequence.Id, sequence.Tokens, _drafts[_indexes[a]].AsMemory(0, place), sequence.Temperature <= 0 ? 1 : _candidates.Length);
            }
            _model.Compute(_asked.AsSpan(0, active));
            int going = 0;
            for (int a = 0; a < active; a++)
            {
                int index = _indexes[a];
                ReadOnlySpan<BestToken> best = _model.Best(a);
                if (best.IsEmpty)
                    continue;
                _drafts[index][place] = Choose(turn, index, best);
                if (place + 1 < Math.Min(turn.Room(index), turn.Sequence(index).ModelRoom))
                    _indexes[going++] = index;
            }
            active = going;
        }
        Array.Clear(_asked);
    }

    /// <inheritdoc/>
    public void Ended(long sequence)
    {
    }

    private int Choose(Turn turn, int index, ReadOnlySpan<BestToken> best)
    {
        if (turn.Sequence(index).Temperature <= 0)
        {
            turn.Add(index, [best[0].Token]);
            return best[0].Token;
        }
        ReadOnlySpan<DraftCandidate> distribution = _candidates.AsSpan(0, Likeliest.Of(best, turn.Sequence(index).Temperature, _candidates));
        double left = _random.NextDouble();
        int token = distribution[0].Token;
        foreach ((int candidate, float probability) in distribution)
        {
            token = candidate;
            if ((left -= probability) < 0)
                break;
        }
        turn.AddSampled(index, token, distribution);
        return token;
    }

    private void Reserve(Turn turn)
    {
        int had = _drafts.Length;
        if (turn.Count <= had)
            return;
        Array.Resize(ref _drafts, turn.Count);
        for (int i = had; i < turn.Count; i++)
            _drafts[i] = new int[turn.Draft.Length];
        (_asked, _indexes) = (new DraftModelSequence[turn.Count], new int[turn.Count]);
    }
}
