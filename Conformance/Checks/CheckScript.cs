namespace Tessera.Conformance.Checks;

/// <summary>The batches of a check: mixed prefill chunks, decode rows, a fork with block copies, drafts that are taken back, shifted positions; over scattered block tables.</summary>
internal sealed unsafe class CheckScript : IDisposable
{
    private const int MaxSequences = 4;
    private const int MaxRows = 34;
    private const int MaxContext = 96;

    /// <summary>Positions that the batches have, from 0 on.</summary>
    public const int MaxPositions = MaxContext;

    private readonly Random _random;
    private readonly int _vocabulary, _blockTokens, _tokenTypes;
    private readonly bool _whole, _pools;
    private readonly RowOutputs _outputs;
    private readonly IReadOnlyList<CacheGroup> _groups;

    public CheckScript(CheckShape shape, ModelGraph graph)
    {
        _random = new Random(shape.Seed + 1);
        _vocabulary = shape.Vocabulary;
        _blockTokens = shape.BlockTokens;
        _tokenTypes = Math.Max(1, shape.TokenTypes);
        _whole = graph.NeedsWholeSequences;
        _pools = graph.Pooled is not null;
        _groups = graph.CacheGroups;
        _outputs = graph.Logits is null ? RowOutputs.Hidden : RowOutputs.Hidden | RowOutputs.Logits;
        Limits = new RuntimeLimits
        {
            MaxRows = MaxRows,
            MaxOutputs = MaxRows,
            MaxSequences = MaxSequences,
            MaxContext = MaxContext,
            BlockTokens = shape.BlockTokens,
            KvType = shape.KvType,
            Activations = shape.Activations,
        };
        Batch = new Batch(Limits, graph.CacheGroups.Count);
        // Short, long and at the limits of the model's rotations by length.
        foreach ((int slot, int planned) in new[] { (0, 60), (1, 0), (2, 60), (3, CheckShape.OriginalContext) })
            Plan(slot, planned);
        Blocks = MaxSequences * Batch.BlockTableLength;
        for (int g = 0; g < Batch.GroupCount; g++)
        {
            int[] numbers = [.. Enumerable.Range(0, Blocks)];
            _random.Shuffle(numbers);
            numbers.CopyTo(new Span<int>(Batch.BlockTable(g, 0), Blocks));
        }
    }

    public RuntimeLimits Limits { get; }

    public Batch Batch { get; }

    /// <summary>The blocks that each group needs.</summary>
    public int Blocks { get; }

    /// <summary>Fills the batch, one step after the other.</summary>
    public IEnumerable<string> Steps() => _whole ? WholeSequences() : Chunks();

    private IEnumerable<string> WholeSequences()
    {
        Rows(0, 0, 7);
        Rows(1, 0, 5);
        yield return "two sequences";
        Rows(2, 0, 1);
        yield return "a single row";
        Rows(3, 0, 1);
        Rows(1, 0, 1);
        Rows(0, 0, 1);
        yield return "sequences of one row each";
        Rows(1, 0, 21);
        Rows(3, 0, 3, last: true);
        Rows(2, 0, 10);
        yield return "sequences of several lengths, as many rows as there may be";
        Rows(0, 0, MaxRows);
        yield return "one long sequence";
        Rows(1, 0, 16);
        Rows(0, 0, 17, shift: 40);
        yield return "positions that are not the cache indices";
    }

    private IEnumerable<string> Chunks()
    {
        Rows(0, 0, 7, last: true);
        Rows(1, 0, 5);
        yield return "two prefill chunks";
        Rows(1, 5, 1);
        Rows(0, 7, 14, last: true);
        yield return "a decode row beside a later chunk";
        Fork(0, 2, 21);
        Rows(2, 21, 1);
        Rows(0, 21, 1);
        yield return "a fork with block copies";
        Rows(1, 6, 4);
        Rows(2, 22, 1);
        Rows(3, 0, 18, last: true);
        yield return "draft rows, a decode row and a prefill";
        Rows(3, 18, 1);
        Rows(2, 23, 1);
        Rows(1, 7, 2);
        Rows(0, 22, 1);
        yield return "drafts taken back, decode rows in another order";
        Rows(3, 19, 3, shift: 40);
        Rows(0, 23, 24, last: true);
        yield return "positions that are not the cache indices";
        Plan(1, MaxContext);
        Rows(1, 0, 3);
        yield return "a new sequence in another's slot, planned to become longer";
        Forget(0, 47);
        Rows(0, 47, 1);
        yield return "one row alone, blocks before its window freed";
    }

    public void Dispose() => Batch.Dispose();

    private void Rows(int slot, int first, int count, bool last = false, int shift = 0)
    {
        for (int i = 0; i < count; i++)
            Batch.Add(_random.Next(_vocabulary), first + i + shift, first + i, slot, Outputs(last, i == count - 1), _tokenTypes == 1 ? 0 : _random.Next(_tokenTypes));
    }

    private RowOutputs Outputs(bool onlyLast, bool isLast) =>
        (onlyLast && !isLast ? RowOutputs.None : _outputs) | (isLast && _pools ? RowOutputs.Pooled : RowOutputs.None);

    private void Plan(int slot, int tokens) => Batch.PlannedTokens[slot] = tokens;

    // Blocks that a window has passed are not the sequence's any more.
    private void Forget(int slot, int cacheIndex)
    {
        for (int g = 0; g < _groups.Count; g++)
            if (_groups[g].Kind == CacheKind.Window)
                new Span<int>(Batch.BlockTable(g, slot), Math.Max(0, cacheIndex - _groups[g].Window + 1) / _blockTokens).Fill(-1);
    }

    // The child shares the parent's full blocks and gets a copy of the one that is partly filled.
    private void Fork(int parent, int child, int length)
    {
        for (int g = 0; g < Batch.GroupCount; g++)
        {
            int* from = Batch.BlockTable(g, parent), to = Batch.BlockTable(g, child);
            int full = length / _blockTokens;
            for (int i = 0; i < full; i++)
                to[i] = from[i];
            if (length % _blockTokens != 0)
                Batch.Copies[Batch.CopyCount++] = new BlockCopy(g, from[full], to[full]);
        }
    }
}
