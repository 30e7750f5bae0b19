using Tessera.Kernels.Cpu.Cache;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>
/// Writes the step's keys and values into the cache, then attends. Norms of heads and rotations happen on the way. A task is a run of rows and a key head, or a part
/// of a key head's many query heads: a tile of the cache is read once for all query heads and rows that share it.
/// </summary>
internal sealed unsafe partial class AttentionStage : Stage
{
    private readonly int _stage, _groupIndex, _blockTokens, _window;
    private readonly bool _exact, _wide;
    private readonly float _scale, _cap;
    private readonly float* _sinks;
    private readonly CacheBlocks _blocks;
    private readonly CacheLayout _layout;
    private readonly AttentionShape _shape;
    private readonly HeadInput _query, _key;
    private readonly ValueBuffer _value, _output;

    public AttentionStage(int stage, AttentionNode node, AttentionInputs inputs, CacheBlocks blocks, int groupIndex, CacheLayout layout, RuntimeLimits limits, bool wide, int runRows, LaneSizes sizes)
    {
        _stage = stage;
        _groupIndex = groupIndex;
        _blockTokens = limits.BlockTokens;
        _window = blocks.Group.Kind == CacheKind.Window ? blocks.Group.Window : int.MaxValue;
        _exact = limits.Activations == ActivationPrecision.Float32;
        _wide = wide;
        _scale = node.Scale;
        _cap = node.SoftCap;
        _sinks = inputs.Sinks;
        _blocks = blocks;
        _layout = layout;
        _shape = new AttentionShape(node, layout, runRows);
        (_query, _key, _value, _output) = (inputs.Query, inputs.Key, inputs.Value, inputs.Output);
        sizes.Attention = Math.Max(sizes.Attention, _shape.Bytes);
    }

    public override void Run(Lane lane, Step step)
    {
        int keyHeads = _shape.KeyHeads, parts = _shape.Parts;
        bool alone = step.OneRowEach && parts == 1;
        if (!alone)
        {
            (int first, int end) = lane.Share(step.Rows * keyHeads);
            for (int i = first; i < end; i++)
                Write(lane, step, i / keyHeads, i % keyHeads);
            lane.Team.Barrier();
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
            Attend(lane, step.Batch, row, step.RunStart[run + 1] - row, head);
        }
    }

    private byte* Tile(int* table, int cacheIndex, int head)
    {
        byte* block = _blocks.Addresses[table[cacheIndex / _blockTokens]];
        return block + _layout.Offset + head * _layout.HeadBytes + cacheIndex % _blockTokens / AttentionTile.Entries * _layout.TileBytes;
    }

    private void Write(Lane lane, Step step, int row, int head)
    {
        Batch batch = step.Batch;
        float* key = _key.Value.Row(row) + head * _shape.KeyLength;
        float* value = _value.Row(row) + head * _shape.ValueLength;
        if (!_key.IsPlain)
            key = _key.Make(row, head, _shape.KeyLength, 1, _shape.Head(lane.Attention), _shape.Key(lane.Attention));
        int index = batch.CacheIndices[row];
        byte* keys = Tile(batch.BlockTable(_groupIndex, batch.Slots[row]), index, head);
        byte* values = keys + _layout.ValueOffset;
        int entry = index % _blockTokens % AttentionTile.Entries;
        if (_layout.Half)
        {
            if (!CacheWriter.WriteHalf((ushort*)keys + entry, (ushort*)values + entry * _layout.ValueStride, key, _shape.KeyLength, value, _shape.ValueLength))
                _blocks.HasNotFinite = true;
        }
        else
            CacheWriter.WriteFloat((float*)keys + entry, (float*)values + entry * _layout.ValueStride, key, _shape.KeyLength, value, _shape.ValueLength);
    }

    private void Attend(Lane lane, Batch batch, int firstRow, int rows, int head)
    {
        AttentionShape shape = _shape;
        byte* scratch = lane.Attention;
        float* outputs = shape.Outputs(scratch);
        AttentionState* states = AttentionShape.States(scratch);
        for (int row = 0; row < rows; row++)
            Load(firstRow + row, head, row * shape.Group, scratch);

        int* table = batch.BlockTable(_groupIndex, batch.Slots[firstRow]);
        int* indices = batch.CacheIndices + firstRow;
        int last = indices[rows - 1];
        // For one row a tile is widened as it is read; several rows share one that is widened before.
        bool direct = _wide && rows == 1 && _layout.Half && !_blocks.HasNotFinite;
        for (int entry = FirstVisible(indices[0]); entry <= last;)
        {
            // The tile that holds the entry: from its first entry to the next tile's or block's.
            int inBlock = entry % _blockTokens;
            int start = entry - inBlock % AttentionTile.Entries;
            int entries = Math.Min(AttentionTile.Entries, _blockTokens - (inBlock - inBlock % AttentionTile.Entries));
            byte* tile = Tile(table, start, head / shape.Parts);
            if (direct && start + Ahead <= last)
                Fetch(Tile(table, start + Ahead, head / shape.Parts));
            float* keys = direct ? null : Keys(tile, scratch);
            float* values = direct ? null : Values(tile + _layout.ValueOffset, Math.Min(entries, last - start + 1), scratch);
            for (int row = 0; row < rows; row++)
            {
                int from = Math.Max(0, FirstVisible(indices[row]) - start);
                int to = Math.Min(entries, indices[row] - start + 1);
                if (from >= to)
                    continue;
                if (direct)
                    StepWide<FiniteF16>(row * shape.Group, scratch, tile, tile + _layout.ValueOffset, from, to);
                else if (_wide)
                    StepWide<F32Weight>(row * shape.Group, scratch, (byte*)keys, (byte*)values, from, to);
                else
                    Step(row * shape.Group, scratch, keys, values, from, to);
            }
            entry = start + entries;
        }
        for (int row = 0; row < rows; row++)
            for (int g = 0; g < shape.Group; g++)
            {
                int q = row * shape.Group + g;
                AttentionTile.Finish(states + q, outputs + (long)q * shape.OutputStride, _output.Row(firstRow + row) + (head * shape.Group + g) * shape.ValueLength, shape.ValueLength);
            }
    }

    private void Load(int row, int head, int query, byte* scratch)
    {
        AttentionShape shape = _shape;
        for (int g = 0; g < shape.Group; g++, query++)
        {
            int queryHead = head * shape.Group + g;
            _query.Make(row, queryHead, shape.KeyLength, _scale, shape.Head(scratch), shape.Queries(scratch) + (long)query * shape.QueryStride);
            // A sink is there before all entries: its weight is e^0 of itself, and its value nothing.
            float sink = _sinks == null ? float.NegativeInfinity : _sinks[queryHead];
            AttentionShape.States(scratch)[query] = new AttentionState { Largest = sink, Sum = sink == float.NegativeInfinity ? 0 : 1 };
            new Span<float>(shape.Outputs(scratch) + (long)query * shape.OutputStride, shape.OutputStride).Clear();
        }
    }

    private void Step(int query, byte* scratch, float* keys, float* values, int from, int to)
    {
        AttentionShape shape = _shape;
        float* queries = shape.Queries(scratch), outputs = shape.Outputs(scratch), scores = shape.Scores(scratch);
        AttentionState* states = AttentionShape.States(scratch);
        for (int g = 0; g < shape.Group; g += 2, query += 2)
        {
            float* q = queries + (long)query * shape.QueryStride;
            int count = Math.Min(2, shape.Group - g);
            if (count == 2)
                AttentionTile.ScorePair(q, shape.QueryStride, keys, shape.KeyLength, scores);
            else
                AttentionTile.Score(q, keys, shape.KeyLength, scores);
            if (_cap != 0)
                SoftCap.Run(scores, count * AttentionTile.Entries, _cap, _exact);
            for (int i = 0; i < count; i++)
            {
                float* weights = scores + i * AttentionTile.Entries;
                float* output = outputs + (long)(query + i) * shape.OutputStride;
                AttentionTile.Weigh(weights, from, to, _exact, states + query + i, output, shape.OutputStride);
                AttentionTile.Accumulate(weights, values, from, to, output, shape.OutputStride);
            }
        }
    }

    private float* Keys(byte* tile, byte* scratch)
    {
        if (!_layout.Half)
            return (float*)tile;
        float* keys = _shape.KeyTile(scratch);
        Halves.WidenRun((ushort*)tile, _shape.KeyLength * AttentionTile.Entries, keys);
        return keys;
    }

    private float* Values(byte* tile, int entries, byte* scratch)
    {
        if (!_layout.Half)
            return (float*)tile;
        float* values = _shape.ValueTile(scratch);
        Halves.WidenRun((ushort*)tile, entries * _layout.ValueStride, values);
        return values;
    }

    private int FirstVisible(int cacheIndex) => cacheIndex >= _window ? cacheIndex - _window + 1 : 0;
}
