namespace Tessera.Engine.Tests.Speculation;

/// <summary>Drafts the likeliest tokens of a draft model.</summary>
internal sealed class ModelDrafts(int maxDraft) : IDraftModelStrategy
{
    private IDraftModel? _model;
    private int _turns;

    /// <summary>From this turn on it throws.</summary>
    public int ThrowsFromTurn { get; init; } = int.MaxValue;

    public int MaxDraft => maxDraft;

    /// <summary>The longest draft of the model; null: the longest of all.</summary>
    public int? MostOfModel { get; init; }

    /// <summary>The most tokens that it was asked to draft.</summary>
    public int MostRoom { get; private set; }

    public IReadOnlyList<string> Sources { get; } = [DraftSources.Model];

    /// <summary>The most sequences that one turn drafted for.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Batches that were asked for.</summary>
    public int Batches { get; private set; }

    public DraftTraits Traits(int source) => new(MostOfModel ?? maxDraft);

    public void Attach(IDraftModel model) => _model = model;

    public void Propose(ReadOnlySpan<DraftSequence> sequences, IDraftSink sink)
    {
        if (++_turns >= ThrowsFromTurn)
            throw new InvalidOperationException("no more");
        List<int>[] drafts = [.. Enumerable.Range(0, sequences.Length).Select(_ => new List<int>())];
        int[] active = [.. Enumerable.Range(0, sequences.Length)];
        foreach (DraftSequence sequence in sequences)
            MostRoom = Math.Max(MostRoom, sequence.ModelRoom);
        for (int place = 0; place < (MostOfModel ?? maxDraft); place++)
        {
            List<int> going = [];
            foreach (int i in active)
                if (sequences[i].ModelRoom > place)
                    going.Add(i);
            if (going.Count == 0)
                break;
            List<DraftModelSequence> asked = [];
            foreach (int i in going)
                asked.Add(new DraftModelSequence(sequences[i].Id, sequences[i].Tokens, drafts[i].ToArray()));
            Batches++;
            _model!.Compute(asked.ToArray());
            List<int> next = [];
            for (int a = 0; a < going.Count; a++)
                if (_model.Best(a) is { IsEmpty: false } best)
                {
                    drafts[going[a]].Add(best[0].Token);
                    next.Add(going[a]);
                }
            MostAtOnce = Math.Max(MostAtOnce, next.Count);
            active = [.. next];
        }
        for (int i = 0; i < sequences.Length; i++)
            sink.Add(i, 0, drafts[i].ToArray());
    }

    public void Verified(long sequence, int proposed, int accepted) { }

    public void Ended(long sequence) { }
}
