using Tessera.Kernels.Cpu.Cache;
using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>
/// Writes the step's keys and values into the cache, then attends. Norms of heads and rotations happen on the way. A task is a run of rows and a key head, or a part
/// of a key head's many query heads: a tile of the cache is read once for all query heads and rows that share it.
/// </summary>
internal sealed unsafe partial class AttentionStage : Stage
{
    private readonly int _stage, _groupIndex, _blockTokens, _window, _reach, _runRows;
    private readonly bool _exact, _wide, _paged;
    private readonly float _scale, _cap;
    private readonly float* _sinks;
    private readonly NativeHalves? _halves;
    private readonly CacheBlocks _blocks = null!;
    private readonly CacheLayout _layout;
    private readonly AttentionShape _shape;
    private readonly PanelShape _panel;
    private readonly HeadInput _query, _key;
    private readonly ValueBuffer _value, _output;
    // Chosen by the length of a value: for floats, for what the cache holds, and for that where its halves are finite.
    private readonly AttentionKernels _floats, _stored, _finite;
    // The layout's own, which it computes.
    private readonly long _tileBytes, _headBytes, _valueOffset;

    public AttentionStage(int stage, AttentionNode node, AttentionInputs inputs, CacheBlocks blocks, int groupIndex, CacheLayout layout, RuntimeLimits limits, bool wide, int runRows, LaneSizes sizes, int lanes, NativeHalves? halves)
    {
        _stage = stage;
        _groupIndex = groupIndex;
        _blockTokens = limits.BlockTokens;
        _window = blocks.Group.Kind == CacheKind.Window ? blocks.Group.Window : int.MaxValue;
        _paged = true;
        _exact = limits.Activations == ActivationPrecision.Float32;
        _wide = wide;
        _scale = node.Scale;
        _cap = node.SoftCap;
        _sinks = inputs.Sinks;
        _halves = halves;
        _blocks = blocks;
        _layout = layout;
        (_tileBytes, _headBytes, _valueOffset) = (layout.TileBytes, layout.HeadBytes, layout.ValueOffset);
        _runRows = runRows;
        _shape = new AttentionShape(node.Heads, layout, runRows);
        (_floats, _stored, _finite) = Kernels(wide, layout);
        (_query, _key, _value, _output) = (inputs.Query, inputs.Key, inputs.Value, inputs.Output);
        _panel = new PanelShape(_shape);
        sizes.Attention = Math.Max(sizes.Attention, _panel.Bytes);
        _sharedBytes = SharedNeed(_shape, limits, lanes, runRows);
    }

    /// <summary>Attention among the rows of a step, whose keys and values are kept in float32 until the next such stage.</summary>
    public AttentionStage(int stage, BidirectionalAttentionNode node, AttentionInputs inputs, RuntimeLimits limits, bool wide, int runRows, LaneSizes sizes)
    {
        _stage = stage;
        _blockTokens = AttentionTile.Entries;
        _reach = node.Reach == 0 ? int.MaxValue : node.Reach;
        _window = node.Reach == 0 ? int.MaxValue : (int)Math.Min(node.Reach + 1L, int.MaxValue);
        _exact = limits.Activations == ActivationPrecision.Float32;
        _wide = wide;
        _scale = node.Scale;
        _layout = new CacheLayout(new CacheSpec(node.Name, node.KeyHeads, node.KeyLength, node.ValueLength), 0, 1, KvType.F32);
        (_tileBytes, _headBytes, _valueOffset) = (_layout.TileBytes, _layout.HeadBytes, _layout.ValueOffset);
        _runRows = runRows;
        _shape = new AttentionShape(node.Heads, _layout, runRows);
        (_floats, _stored, _finite) = Kernels(wide, _layout);
        (_query, _key, _value, _output) = (inputs.Query, inputs.Key, inputs.Value, inputs.Output);
        _panel = new PanelShape(_shape);
        sizes.Attention = Math.Max(sizes.Attention, _panel.Bytes);
    }

    /// <summary>Where a stage without a cache keeps the step's keys and values; set when the plan's memory is.</summary>
    public byte* Kept { get; set; }

    /// <summary>Bytes of <see cref="Kept"/>; 0 for a stage with a cache. The tiles of a sequence are its own.</summary>
    public long KeptBytes(RuntimeLimits limits) => _paged ? 0 : checked((limits.MaxRows / AttentionTile.Entries + Math.Min(limits.MaxRows, limits.MaxSequences) + 1L) * _shape.KeyHeads * _layout.TileBytes);

    public override ItemCounters Counters => ItemCounters.Shared;

    public override IEnumerable<IReadOnlyList<ValueBuffer>> ByFeatures => [[_query.Value, _key.Value, _value, _output]];

    public override bool TakesRowsTogether => true;

    public override void Run(Lane lane, Step step)
    {
        int keyHeads = _shape.KeyHeads, parts = _shape.Parts;
        FeatureMajor? features = _output.IsByFeatures ? _output.Whole.Features : null;
        int shared = Shared(lane.Count, step);
        bool alone = step.OneRowEach && parts == 1 && shared == 0 && features is null;
        if (!alone)
        {
            (int first, int end) = lane.Share((features?.Panels ?? step.Rows) * keyHeads);
            for (int i = first; i < end; i++)
                if (features is null)
                    Write(lane, step, i / keyHeads, i % keyHeads);
                else
                    WritePanel(lane, step, features, i / keyHeads, i % keyHeads);
            lane.Team.Barrier();
        }
        if (shared > 0)
        {
            AttendTogether(lane, step, shared);
            return;
        }
        int heads = keyHeads * parts, tasks = step.Runs * heads;
        for (int task = step.Next(_stage); task < tasks; task = step.Next(_stage))
        {
            // The last runs of a prompt see most: they go first.
            int run = step.Runs - 1 - task / heads;
            int head = task % heads;
            int row = step.RunStart[run];
            if (alone)
                Write(lane, step, row, head);
            if (features is not null)
                AttendByFeatures(lane, step, run, head, features);
            else
                Attend(lane, step, run, step.RunStart[run], step.RunStart[run + 1], head);
        }
    }

    /// <summary>The elements of a value that kernels are made for; 0: any number.</summary>
    public int KernelElements => _floats.Elements;

    private static (AttentionKernels Floats, AttentionKernels Stored, AttentionKernels Finite) Kernels(bool wide, CacheLayout layout)
    {
        int elements = layout.ValueStride;
        AttentionKernels floats = AttentionKernels.For<F32>(wide, elements);
        return layout.Type switch
        {
            KvType.F16 when wide => (floats, AttentionKernels.For<F16>(wide, elements), AttentionKernels.For<FiniteF16>(wide, elements)),
            KvType.BF16 when wide => (floats, AttentionKernels.For<BF16>(wide, elements), floats),
            _ => (floats, floats, floats),
        };
    }

    // Where a sequence's tiles are: its blocks, or its first tile of those that are kept for the step.
    private int* Table(Step step, int slot) => _paged ? step.Batch.BlockTable(_groupIndex, slot) : step.FirstTile + slot;

    private byte* Tile(int* table, int cacheIndex, int head)
    {
        if (!_paged)
            return Kept + ((*table + (long)cacheIndex / AttentionTile.Entries) * _shape.KeyHeads + head) * _tileBytes;
        byte* block = _blocks.Addresses[table[cacheIndex / _blockTokens]];
        return block + _layout.Offset + head * _headBytes + cacheIndex % _blockTokens / AttentionTile.Entries * _tileBytes;
    }

    private void Write(Lane lane, Step step, int row, int head)
    {
        Batch batch = step.Batch;
        float* key = _key.Value.Row(row) + head * _shape.KeyLength;
        float* value = _value.Row(row) + head * _shape.ValueLength;
        if (!_key.IsPlain)
            key = _key.Make(row, head, _shape.KeyLength, 1, _shape.Head(lane.Attention), _shape.Key(lane.Attention));
        int index = batch.CacheIndices[row];
        if (!CacheEntries.Write(_layout, Tile(Table(step, batch.Slots[row]), index, head), index % _blockTokens % AttentionTile.Entries, key, value))
            _blocks.HasNotFinite = true;
    }

    // A sequence without a cache has its entries 0 … end − 1, which rows see forwards too.
    private int LastVisible(int cacheIndex, int end) => _paged ? cacheIndex : (int)Math.Min(end - 1, (long)cacheIndex + _reach);

    private int FirstVisible(int cacheIndex) => cacheIndex >= _window ? cacheIndex - _window + 1 : 0;
}
