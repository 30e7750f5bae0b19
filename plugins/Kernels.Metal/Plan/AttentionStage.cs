using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Queries or keys on their way into attention.</summary>
/// <param name="Value">Where they stand.</param>
/// <param name="Turns">Their rotation, or null.</param>
/// <param name="Offset">The first element that rotates.</param>
internal sealed record HeadInput(DeviceValue Value, Turns? Turns, int Offset);

/// <summary>Rotates queries and keys, writes keys and values into the cache, and attends. A row's result does not depend on the other rows.</summary>
internal sealed unsafe class AttentionStage : Stage
{
    /// <summary>Tokens of a part of the context that a threadgroup takes.</summary>
    public const int PartitionTokens = 1024;

    private const int Simdgroups = 4;
    private readonly Pipeline _prepare, _attend, _merge;
    private readonly PrefillKernel? _prefill;
    private readonly HeadInput _query, _key;
    private readonly DeviceValue _value, _rotated, _parts, _output;
    private readonly BufferRange _sinks;
    private readonly CacheArena _arena;
    private readonly int _group, _partRows;
    private readonly PrepareArguments _prepareArguments;
    private readonly AttentionArguments _arguments;

    public AttentionStage(AttentionNode node, HeadInput query, HeadInput key, DeviceValue value, DeviceValue rotated, DeviceValue parts, int partRows, DeviceValue output, BufferRange sinks,
        CacheArena arena, int group, CachePlace place, RuntimeLimits limits, int partitionTokens, bool tiles, MetalDevice device)
    {
        string text = KernelText.Attention(node.KeyLength, node.ValueLength, limits.KvType == KvType.F16);
        _prepare = device.Pipelines.Get(text, "prepare");
        _attend = device.Pipelines.Get(text, "attention");
        _merge = device.Pipelines.Get(text, "attention_merge");
        _prefill = tiles ? PrefillKernel.Find(device, node.KeyLength, node.ValueLength, limits.KvType == KvType.F16) : null;
        (_query, _key, _value, _rotated, _parts, _partRows, _output, _sinks, _arena, _group) = (query, key, value, rotated, parts, partRows, output, sinks, arena, group);
        _prepareArguments = new PrepareArguments
        {
            Heads = (uint)node.Heads,
            KeyHeads = (uint)node.KeyHeads,
            KeyLength = (uint)node.KeyLength,
            ValueLength = (uint)node.ValueLength,
            Pairs = (uint)(query.Turns?.Pairs ?? 0),
            Offset = (uint)query.Offset,
            IsInterleaved = query.Turns is { IsInterleaved: true } ? 1u : 0u,
            KeyPairs = (uint)(key.Turns?.Pairs ?? 0),
            KeyOffset = (uint)key.Offset,
            KeyIsInterleaved = key.Turns is { IsInterleaved: true } ? 1u : 0u,
            BlockTokens = (uint)limits.BlockTokens,
            TableLength = (uint)Step.TableLength(limits),
            BlockStride = (ulong)arena.BlockElements,
            KeyStart = (ulong)place.KeyStart,
            ValueStart = (ulong)place.ValueStart,
        };
        _arguments = new AttentionArguments
        {
            Heads = (uint)node.Heads,
            KeyHeads = (uint)node.KeyHeads,
            BlockTokens = (uint)limits.BlockTokens,
            TableLength = (uint)Step.TableLength(limits),
            Window = arena.Group.Kind == CacheKind.Window ? (uint)arena.Group.Window : 0,
            PartitionTokens = (uint)partitionTokens,
            HasSinks = node.Sinks is null ? 0u : 1u,
            Scale = node.Scale,
            Cap = node.SoftCap,
            BlockStride = (ulong)arena.BlockElements,
            KeyStart = (ulong)place.KeyStart,
            ValueStart = (ulong)place.ValueStart,
        };
    }

    /// <summary>Whether rows are taken by tiles.</summary>
    public bool HasTiles => _prefill is not null;

    public override void Encode(Commands commands, Step step)
    {
        BufferRange nothing = _sinks;
        _arena.Bind(commands);
        PrepareArguments p = _prepareArguments;
        commands.Use(_prepare).Bind(0, _query.Value.Range).Bind(1, _key.Value.Range).Bind(2, _value.Range).Bind(3, _query.Turns?.Range ?? nothing).Bind(4, _key.Turns?.Range ?? nothing)
            .Bind(5, step.Slots).Bind(6, step.Indices).Bind(7, step.Tables(_group)).Bind(8, _rotated.Range).Bind(10, p)
            .RunElements((long)p.Heads * p.KeyLength + (long)p.KeyHeads * (p.KeyLength + p.ValueLength), step.Rows);
        if (_prefill is null || step.Tiles is null)
        {
            Rows(commands, step, 0, step.Rows);
            return;
        }
        foreach ((int first, int count) in step.Tiles.Runs)
            Rows(commands, step, first, count);
        if (step.Tiles.TileCount > 0)
            commands.Use(_prefill.Pipeline).Bind(0, _rotated.Range).Bind(2, step.Slots).Bind(3, step.Indices).Bind(4, step.Tables(_group)).Bind(5, _sinks).Bind(6, step.Tiles.Tiles).Bind(7, _output.Range)
                .Bind(8, _arguments).Memory(0, _prefill.Bytes).Run(p.Heads, step.Tiles.TileCount, 1, Simdgroups * 32);
    }

    // Row by row, in as many parts as the longest context has.
    private void Rows(Commands commands, Step step, int from, int count)
    {
        AttentionArguments own = _arguments;
        own.Partitions = (uint)Partitions(step, from, count);
        int most = own.Partitions == 1 ? count : _partRows;
        for (int first = from; first < from + count; first += most)
        {
            int rows = Math.Min(most, from + count - first);
            commands.Use(_attend).Bind(0, _rotated.Row(first)).Bind(2, step.Slots.Plus(first * sizeof(int))).Bind(3, step.Indices.Plus(first * sizeof(int))).Bind(4, step.Tables(_group))
                .Bind(5, _sinks).Bind(6, _parts.Range).Bind(7, _output.Row(first)).Bind(8, own).Run(own.Heads, rows, own.Partitions, Simdgroups * 32);
            if (own.Partitions > 1)
                commands.Use(_merge).Bind(0, _parts.Range).Bind(1, _sinks).Bind(2, _output.Row(first)).Bind(3, own).RunElements(_output.Width / own.Heads, own.Heads, rows);
        }
    }

    // The most parts that a row's visible entries lie in.
    private int Partitions(Step step, int from, int count)
    {
        int most = 1, size = (int)_arguments.PartitionTokens, window = (int)_arguments.Window;
        for (int row = from; row < from + count; row++)
        {
            int last = step.Batch.CacheIndices[row], seen = window > 0 ? Math.Max(0, last + 1 - window) : 0;
            most = Math.Max(most, last / size - seen / size + 1);
        }
        return most;
    }
}
