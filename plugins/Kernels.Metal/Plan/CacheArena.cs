using Tessera.Kernels.Common;
using Tessera.Kernels.Metal.Device;

namespace Tessera.Kernels.Metal.Plan;

/// <summary>Where a cache stands in a block of its group, in elements: all heads' keys, then all heads' values; an entry of a head is contiguous.</summary>
/// <param name="Spec">The cache.</param>
/// <param name="KeyStart">The first key.</param>
/// <param name="ValueStart">The first value.</param>
internal sealed record CachePlace(CacheSpec Spec, long KeyStart, long ValueStart);

/// <summary>
/// The blocks of one cache group, in buffers of the GPU alone. It grows by a buffer at a time, as large as all before while they are small, and nothing moves; only where there are as many buffers as kernels take, the last one moves into a larger one.
/// </summary>
internal sealed class CacheArena : IBlockGroup, IDisposable
{
    /// <summary>The most buffers.</summary>
    public const int MaxSlabs = 8;

    /// <summary>Where kernels are given them.</summary>
    public const int FirstIndex = 16;

    /// <summary>The bits of a block's number within its buffer, as the kernels have it.</summary>
    private const int Shift = 28;

    /// <summary>Up to so many bytes it doubles; from there on it grows by half.</summary>
    private const long Doubling = 256L << 20;

    private readonly MetalDevice _device;
    private readonly Pipeline _move;
    private readonly IMemoryBudget _budget;
    private readonly List<Slab> _slabs = new(MaxSlabs);
    private int _capacity;

    /// <summary>An empty group.</summary>
    public CacheArena(CacheGroup group, RuntimeLimits limits, IMemoryBudget budget, MetalDevice device)
    {
        (Group, _budget, _device) = (group, budget, device);
        _move = device.Pipelines.Get(KernelText.Of("cache", "copies"), "copy_words");
        int bytes = limits.KvType switch
        {
            KvType.F16 => 2,
            KvType.F32 => 4,
            _ => throw new UnsupportedModelException($"metal: a KV cache of type {limits.KvType} is not available; there are f16, f32"),
        };
        long elements = 0;
        List<CachePlace> places = [];
        foreach (CacheSpec spec in group.Caches)
        {
            long keys = checked((long)spec.Heads * limits.BlockTokens * spec.KeyLength), values = checked((long)spec.Heads * limits.BlockTokens * spec.ValueLength);
            places.Add(new CachePlace(spec, elements, elements + keys));
            elements = checked(elements + (keys + values + 15 & ~15L));
        }
        Places = places;
        BlockElements = elements;
        BlockBytes = elements * bytes;
    }

    /// <inheritdoc/>
    public CacheGroup Group { get; }

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <summary>Where each cache stands.</summary>
    public IReadOnlyList<CachePlace> Places { get; }

    /// <summary>Elements of a block over all caches.</summary>
    public long BlockElements { get; }

    /// <summary>Bytes of a block over all caches.</summary>
    public long BlockBytes { get; }

    /// <summary>The blocks of each buffer.</summary>
    public IReadOnlyList<int> SlabCounts => [.. _slabs.Select(s => s.Count)];

    /// <summary>Gives the buffers to what is encoded next.</summary>
    public void Bind(Commands commands)
    {
        if (_slabs.Count == 0)
            throw new TesseraException($"metal: cache group '{Group.Name}' has no blocks");
        // A kernel's buffers are bound whether it reads them or not.
        for (int i = 0; i < MaxSlabs; i++)
            commands.Bind(FirstIndex + i, _slabs[Math.Min(i, _slabs.Count - 1)].Buffer.At(0));
    }

    /// <summary>A block's number as kernels have it; −1 for what is none.</summary>
    public int Place(int block)
    {
        for (int i = _slabs.Count - 1; i >= 0; i--)
            if (block >= _slabs[i].First)
                return (i << Shift) | (block - _slabs[i].First);
        return -1;
    }

    /// <summary>Adds blocks, or returns false and changes nothing when the budget or the device has no room.</summary>
    public bool TryGrow(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        if (blocks > int.MaxValue - Count)
            return false;
        int more = Count + blocks - _capacity;
        long ahead = _capacity * BlockBytes < Doubling ? _capacity : _capacity / 2;
        // What comes next has room too where there is any; else half of that, down to what is asked for.
        for (int size = (int)Math.Clamp(ahead, Math.Max(0, more), int.MaxValue - _capacity); more > 0 && !TryAdd(size); size = Math.Max(more, size / 2))
            if (size == more)
                return false;
        Count += blocks;
        return true;
    }

    /// <summary>Frees the highest-numbered blocks and gives their bytes back.</summary>
    /// <exception cref="TesseraException">The group has fewer.</exception>
    public void Shrink(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        if (blocks > Count)
            throw new TesseraException($"metal: cache group '{Group.Name}': cannot give back {blocks} blocks, it has {Count}");
        Count -= blocks;
        while (blocks > 0 && _slabs is [.., { } last] && last.First >= Count)
        {
            _slabs.RemoveAt(_slabs.Count - 1);
            last.Buffer.Dispose();
            Release(last.Count);
        }
        if (blocks > 0 && Count < _capacity && TryReplaceLast(Count - _slabs[^1].First))
            Release(_capacity - Count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _slabs.ForEach(s => s.Buffer.Dispose());
        _slabs.Clear();
        Release(_capacity);
        Count = 0;
    }

    private bool TryAdd(int blocks)
    {
        if (!_budget.TryReserve(blocks * BlockBytes))
            return false;
        _capacity += blocks;
        if (_slabs.Count == MaxSlabs ? TryReplaceLast(_slabs[^1].Count + blocks) : TryBuffer(blocks) is { } buffer && Add(buffer, blocks))
            return true;
        Release(blocks);
        return false;
    }

    private bool Add(DeviceBuffer buffer, int blocks)
    {
        _slabs.Add(new Slab(buffer, _capacity - blocks, blocks));
        return true;
    }

    // While the last buffer moves, both are there.
    private bool TryReplaceLast(int blocks)
    {
        Slab last = _slabs[^1];
        if (TryBuffer(blocks) is not { } buffer)
            return false;
        try
        {
            Move(last.Buffer, buffer, Math.Min(blocks, last.Count) * BlockBytes / sizeof(uint));
        }
        catch (DeviceMemoryException)
        {
            buffer.Dispose();
            return false;
        }
        last.Buffer.Dispose();
        _slabs[^1] = last with { Buffer = buffer, Count = blocks };
        return true;
    }

    private DeviceBuffer? TryBuffer(int blocks)
    {
        if (blocks >= 1 << Shift || (BlockBytes > 0 && blocks > _device.LongestBuffer / BlockBytes))
            return null;
        try
        {
            return _device.NewBuffer(blocks * BlockBytes, isShared: false);
        }
        catch (DeviceMemoryException)
        {
            return null;
        }
    }

    private void Release(int blocks)
    {
        _capacity -= blocks;
        _budget.Release(blocks * BlockBytes);
    }

    private void Move(DeviceBuffer from, DeviceBuffer to, long words)
    {
        using AutoreleasePool pool = new();
        SharpMetal.Metal.MTLCommandBuffer buffer = _device.NewCommands();
        SharpMetal.Metal.MTLComputeCommandEncoder encoder = buffer.ComputeCommandEncoder();
        new Commands(encoder).Use(_move).Bind(0, from.At(0)).Bind(1, to.At(0)).Bind(2, new CopyArguments { BlockStride = (ulong)words }).RunElements((words + 63) / 64, 1);
        encoder.EndEncoding();
        buffer.Commit();
        buffer.WaitUntilCompleted();
        MetalErrors.Require(buffer);
    }

    /// <summary>A buffer of blocks.</summary>
    private sealed record Slab(DeviceBuffer Buffer, int First, int Count);
}
