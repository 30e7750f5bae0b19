using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>What all lanes know about the running step; filled before it starts.</summary>
internal sealed unsafe class Step
{
    private const int CounterStride = 16;

    // So many rows that a sequence has on average meet the cache together; fewer would fill a part of a panel's lanes.
    private const int RowsTogether = 4;

    private readonly int* _counters;

    // By stage, where its counters begin; those of all stages lie together.
    private readonly int[] _first;
    private readonly int _used, _lanes, _runRows;

    /// <summary>Takes the arrays' memory.</summary>
    /// <param name="limits">The most rows and outputs.</param>
    /// <param name="stages">The stages.</param>
    /// <param name="lanes">The number of lanes.</param>
    /// <param name="runRows">The most rows of a run.</param>
    /// <param name="arena">Where the memory comes from.</param>
    public Step(RuntimeLimits limits, IReadOnlyList<Stage> stages, int lanes, int runRows, NativeArena arena)
    {
        _lanes = lanes;
        _runRows = runRows;
        _first = new int[stages.Count];
        for (int stage = 0; stage < _first.Length; stage++)
        {
            _first[stage] = _used;
            _used += CounterStride * stages[stage].Counters switch { ItemCounters.Parts => lanes, ItemCounters.Shared => 1, _ => 0 };
        }
        _counters = arena.Integers(_used);
        RunStart = arena.Integers(limits.MaxRows + 1L);
        RunSequence = arena.Integers(limits.MaxRows);
        SequenceStart = arena.Integers(limits.MaxSequences + 1L);
        FirstTile = arena.Integers(limits.MaxSequences);
        PooledSequence = arena.Integers(limits.MaxSequences);
        LogitRow = arena.Integers(limits.MaxOutputs);
        HiddenRow = arena.Integers(limits.MaxOutputs);
    }

    /// <summary>The batch.</summary>
    public Batch Batch { get; private set; } = null!;

    /// <summary>The batch's rows.</summary>
    public int Rows { get; private set; }

    /// <summary>How values stand while there are many rows; null where they never do.</summary>
    public FeatureMajor? Features { get; init; }

    /// <summary>How values that attention reads and gives stand; null where they never stand by features.</summary>
    public FeatureMajor? AttentionFeatures { get; init; }

    /// <summary>Whether runs are a sequence's rows in a panel, instead of few rows.</summary>
    public bool RunsArePanels => AttentionFeatures is { IsActive: true };

    /// <summary>Runs: rows of one sequence that attention takes together, a few or, by features, a panel's.</summary>
    public int Runs { get; private set; }

    /// <summary>The first row of each run, and the number of rows behind the last.</summary>
    public int* RunStart { get; }

    /// <summary>The sequence of each run, numbered in the order of the batch.</summary>
    public int* RunSequence { get; }

    /// <summary>The first row of each sequence of the batch, and the number of rows behind the last.</summary>
    public int* SequenceStart { get; }

    /// <summary>For each slot, where its sequence's tiles begin among those of attention without a cache.</summary>
    public int* FirstTile { get; }

    /// <summary>The number of rows that want their sequence's vector.</summary>
    public int PooledRows { get; private set; }

    /// <summary>The sequences of these rows.</summary>
    public int* PooledSequence { get; }

    /// <summary>True where every row is of another sequence: no row of the step reads what another one writes.</summary>
    public bool OneRowEach { get; private set; }

    /// <summary>The number of rows that want logits.</summary>
    public int LogitRows { get; private set; }

    /// <summary>The rows that want logits.</summary>
    public int* LogitRow { get; }

    /// <summary>The number of rows that want hidden states.</summary>
    public int HiddenRows { get; private set; }

    /// <summary>The rows that want hidden states.</summary>
    public int* HiddenRow { get; }

    /// <summary>The stage after which all lanes stop. Lane 0 writes it before that stage's barrier, all read it after it.</summary>
    public int LastStage { get; set; }

    /// <summary>The counters of all stages that have any, each on a cache line of its own.</summary>
    public Span<int> Counters => new(_counters, _used);

    /// <summary>Takes a checked batch.</summary>
    public void Begin(Batch batch)
    {
        Batch = batch;
        Rows = batch.RowCount;
        if (Features is not null)
            Features.Rows = Rows;
        if (AttentionFeatures is not null)
            AttentionFeatures.Rows = Rows >= RowsTogether * Sequences(batch) ? Rows : 0;
        LastStage = int.MaxValue;
        Counters.Clear();
        Runs = LogitRows = HiddenRows = PooledRows = 0;
        OneRowEach = true;
        bool panels = RunsArePanels;
        int sequences = 0, tiles = 0;
        for (int row = 0; row < Rows; row++)
        {
            bool follows = row > 0 && batch.Slots[row] == batch.Slots[row - 1];
            OneRowEach &= !follows;
            if (!follows)
            {
                tiles += sequences == 0 ? 0 : AttentionTile.Count(row - SequenceStart[sequences - 1]);
                SequenceStart[sequences++] = row;
                FirstTile[batch.Slots[row]] = tiles;
            }
            if (!follows || (panels ? row % Features!.Width == 0 : row - RunStart[Runs - 1] == _runRows))
            {
                RunSequence[Runs] = sequences - 1;
                RunStart[Runs++] = row;
            }
            if ((batch.Outputs[row] & RowOutputs.Logits) != 0)
                LogitRow[LogitRows++] = row;
            if ((batch.Outputs[row] & RowOutputs.Hidden) != 0)
                HiddenRow[HiddenRows++] = row;
            if ((batch.Outputs[row] & RowOutputs.Pooled) != 0)
                PooledSequence[PooledRows++] = sequences - 1;
        }
        RunStart[Runs] = Rows;
        SequenceStart[sequences] = Rows;
    }

    private static int Sequences(Batch batch)
    {
        int sequences = 0;
        for (int row = 0; row < batch.RowCount; row++)
            sequences += row == 0 || batch.Slots[row] != batch.Slots[row - 1] ? 1 : 0;
        return sequences;
    }

    /// <summary>The number of rows of a set.</summary>
    public int Count(RowSet set) => set switch { RowSet.Logits => LogitRows, RowSet.Pooled => PooledRows, _ => Rows };

    /// <summary>The next item of a stage that lanes take from by turns.</summary>
    /// <param name="stage">The stage; its counter is shared.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(int stage) => Interlocked.Increment(ref _counters[_first[stage]]) - 1;

    /// <summary>The next of a stage's items for a lane, or their number: each lane has a part that lies together, in order, so that what it asks for ahead is its own; then it takes from the others' parts.</summary>
    /// <param name="stage">The stage; its counters are the parts'.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="items">The number of items.</param>
    public int NextOfPart(int stage, int lane, int items)
    {
        for (int i = 0; i < _lanes; i++)
        {
            int of = lane + i < _lanes ? lane + i : lane + i - _lanes, first = (int)((long)items * of / _lanes), end = (int)((long)items * (of + 1) / _lanes);
            ref int counter = ref _counters[_first[stage] + of * CounterStride];
            // A part that is used up is read only: else every lane would take every part's line from the others before it ends.
            if (first + Volatile.Read(ref counter) < end && first + Interlocked.Increment(ref counter) - 1 is int item && item < end)
                return item;
        }
        return items;
    }
}
