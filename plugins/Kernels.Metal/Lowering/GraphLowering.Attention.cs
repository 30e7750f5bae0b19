using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Lowering;

/// <summary>Attention with the rotations that it takes in.</summary>
internal sealed partial class GraphLowering
{
    /// <summary>Threadgroup memory that attention may fill, in bytes.</summary>
    private const int AttentionMemory = 32 << 10;

    /// <summary>What the parts of contexts may take, in bytes; more rows go one after the other.</summary>
    private const long PartBytes = 64L << 20;

    private DeviceValue? _parts, _rotated;

    private void Rope(RopeNode n)
    {
        if (IntoAttention(n))
        {
            _intoAttention.Add(n.Output.Id, n);
            return;
        }
        DeviceValue input = Stored(n.Input), output = NewValue(n.Output);
        Turns turns = TurnsOf(n.Table);
        PrepareArguments arguments = new() { Heads = (uint)n.Heads, KeyLength = (uint)n.HeadLength, Pairs = (uint)turns.Pairs, Offset = (uint)n.Offset, IsInterleaved = turns.IsInterleaved ? 1u : 0u };
        Emit(new RopeStage(Kernel("rope", "turns", "rope"), input, turns, output, arguments), input, output);
        _explanation.Add($"{n.Name}: rope, stored");
    }

    // Whether all readers are attentions that rotate on their way.
    private bool IntoAttention(RopeNode n) =>
        !IsResult(n.Output) && _uses.Readers(n.Output).Count > 0
        && _uses.Readers(n.Output).All(r => r is AttentionNode a && a.Value.Id != n.Output.Id && n.HeadLength == a.KeyLength
            && (a.Query.Id != n.Output.Id || n.Heads == a.Heads) && (a.Key.Id != n.Output.Id || n.Heads == a.KeyHeads));

    private HeadInput Heads(GraphValue value) =>
        _intoAttention.TryGetValue(value.Id, out RopeNode? rope) ? new HeadInput(Stored(rope.Input), TurnsOf(rope.Table), rope.Offset) : new HeadInput(Stored(value), null, 0);

    private void Attention(AttentionNode n)
    {
        int g = _groups.FindIndex(c => c.Places.Any(p => p.Spec.Name == n.Cache));
        if (g < 0)
            throw new UnsupportedModelException($"metal: node '{n.Name}': the graph has no cache '{n.Cache}'");
        CachePlace place = _groups[g].Places.First(p => p.Spec.Name == n.Cache);
        if (place.Spec.Heads != n.KeyHeads || place.Spec.KeyLength != n.KeyLength || place.Spec.ValueLength != n.ValueLength)
            throw new UnsupportedModelException($"metal: node '{n.Name}': cache '{n.Cache}' holds {place.Spec.Heads} heads of {place.Spec.KeyLength} and {place.Spec.ValueLength} elements, the node needs {n.KeyHeads} of {n.KeyLength} and {n.ValueLength}");
        if (4L * n.ValueLength * sizeof(float) + 64 > AttentionMemory)
            throw new UnsupportedModelException($"metal: node '{n.Name}': value heads of {n.ValueLength} elements do not fit threadgroup memory");
        HeadInput query = Heads(n.Query), key = Heads(n.Key);
        DeviceValue value = Stored(n.Value), output = NewValue(n.Output);
        DeviceValue rotated = Rotated(n.Query.Width);
        (DeviceValue parts, int rows) = Parts(n);
        RuntimeLimits limits = _request.Limits;
        AttentionStage stage = new(n, query, key, value, rotated, parts, rows, output, _weights.Vector(n, n.Sinks), _groups[g], g, place, limits, _partitionTokens, _tiles && _device.HasMatrices, _device);
        Emit(stage, query.Value, key.Value, value, rotated, output);
        string extras = $"{(n.SoftCap == 0 ? "" : $", scores capped at {n.SoftCap}")}{(n.Sinks is null ? "" : ", sinks")}{(_groups[g].Group.Window == 0 ? "" : $", window of {_groups[g].Group.Window}")}{(stage.HasTiles ? $", tiles of {RowTiles.TileRows} queries from {RowTiles.TileFrom} rows of a sequence on" : "")}";
        _explanation.Add($"{n.Name}: paged attention, {n.Heads} heads over {n.KeyHeads} of {n.KeyLength}{(n.ValueLength == n.KeyLength ? "" : $" and {n.ValueLength}")}, {limits.KvType.ToString().ToLowerInvariant()} cache, queries {How(query)}, keys {How(key)}{extras}");
    }

    private static string How(HeadInput input) => input.Turns is null ? "as stored" : "rotated";

    // Rotated queries are read in the stage that writes them: one place serves all layers of a width.
    private DeviceValue Rotated(int width) => _rotated?.Width == width ? _rotated : _rotated = NewValue(width);

    // Room for the parts of long contexts; of all layers the widest decides.
    private (DeviceValue Parts, int Rows) Parts(AttentionNode n)
    {
        RuntimeLimits limits = _request.Limits;
        long floats = (long)n.Heads * ((limits.MaxContext - 1) / _partitionTokens + 2) * (n.ValueLength + 2);
        int rows = (int)Math.Clamp(PartBytes / sizeof(float) / floats, 1, limits.MaxRows);
        if (_parts is null || _parts.Width < floats * rows)
        {
            _parts = new DeviceValue(checked((int)(floats * rows)), 0);
            _parts.Place(_scratch.Take(limits.MaxContext > _partitionTokens ? floats * rows * sizeof(float) : 16, isShared: false).At(0));
        }
        return (_parts, rows);
    }

    private Turns TurnsOf(RopeTable table)
    {
        if (_turns.Find(t => ReferenceEquals(t.Table, table) || t.Table == table) is { } known)
            return known;
        Turns turns = new(table, _request.Limits, _scratch);
        _turns.Add(turns);
        return turns;
    }
}
