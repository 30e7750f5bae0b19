using System.Runtime.InteropServices;
using Tessera.Kernels.Common;

namespace Tessera.Kernels.Cpu.Cache;

/// <summary>The blocks of one cache group: native slabs taken from a budget, and the address of each block.</summary>
internal sealed unsafe class CacheBlocks : IBlockGroup, IDisposable
{
    private const long SlabBytes = 64L << 20;

    private readonly IMemoryBudget _budget;
    private readonly List<Slab> _slabs = [];
    private byte** _addresses;
    private int _capacity;
    private bool _hasNotFinite;

    /// <summary>An empty group.</summary>
    /// <param name="group">The graph's group.</param>
    /// <param name="limits">Block size and element type.</param>
    /// <param name="budget">Where the bytes come from.</param>
    public CacheBlocks(CacheGroup group, RuntimeLimits limits, IMemoryBudget budget)
    {
        _budget = budget;
        Group = group;
        int tiles = (limits.BlockTokens + Ops.AttentionTile.Entries - 1) / Ops.AttentionTile.Entries;
        List<CacheLayout> layouts = [];
        long offset = 0;
        foreach (CacheSpec spec in group.Caches)
        {
            CacheLayout layout = new(spec, offset, tiles, limits.KvType);
            layouts.Add(layout);
            offset = checked(offset + ((layout.Bytes + 63) & ~63L));
        }
        Layouts = layouts;
        BlockBytes = offset;
    }

    /// <summary>The graph's group.</summary>
    public CacheGroup Group { get; }

    /// <summary>Where each cache stands in a block.</summary>
    public IReadOnlyList<CacheLayout> Layouts { get; }

    /// <summary>Bytes of a block over all caches.</summary>
    public long BlockBytes { get; }

    /// <summary>Set once a half that is not finite is written to a block: kernels that take all halves for finite must not be used then.</summary>
    public bool HasNotFinite
    {
        get => Volatile.Read(ref _hasNotFinite);
        set => Volatile.Write(ref _hasNotFinite, value);
    }

    /// <summary>The number of blocks.</summary>
    public int Count { get; private set; }

    /// <summary>The address of each block; changes when the group grows or shrinks.</summary>
    public byte** Addresses => _addresses;

    /// <summary>Adds blocks, or returns false and changes nothing when the budget has no room.</summary>
    public bool TryGrow(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        if (blocks == 0)
            return true;
        if (blocks > int.MaxValue - Count || blocks > long.MaxValue / Math.Max(1, BlockBytes) || !_budget.TryReserve(blocks * BlockBytes))
            return false;
        int before = Count;
        try
        {
            Reserve(Count + blocks);
            int perSlab = (int)Math.Clamp(SlabBytes / Math.Max(1, BlockBytes), 1, int.MaxValue);
            for (int left = blocks; left > 0; left -= perSlab)
                AddSlab(Math.Min(left, perSlab));
            return true;
        }
        catch (OutOfMemoryException)
        {
            Drop(Count - before);
            _budget.Release(blocks * BlockBytes);
            return false;
        }
    }

    /// <summary>Frees the highest-numbered blocks and gives their bytes back.</summary>
    /// <exception cref="TesseraException">The group has fewer.</exception>
    public void Shrink(int blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(blocks);
        if (blocks > Count)
            throw new TesseraException($"cache group '{Group.Name}': cannot give back {blocks} blocks, it has {Count}");
        Drop(blocks);
        _budget.Release(blocks * BlockBytes);
    }

    /// <summary>Copies a slice of one block onto another.</summary>
    /// <param name="source">The block that is read.</param>
    /// <param name="destination">The block that is written.</param>
    /// <param name="part">The slice's number.</param>
    /// <param name="parts">The number of slices; together they are the block.</param>
    public void Copy(int source, int destination, int part, int parts)
    {
        long from = BlockBytes * part / parts, to = BlockBytes * (part + 1) / parts;
        Buffer.MemoryCopy(_addresses[source] + from, _addresses[destination] + from, to - from, to - from);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Shrink(Count);
        NativeMemory.Free(_addresses);
        _addresses = null;
        _capacity = 0;
    }

    private void AddSlab(int blocks)
    {
        Slab slab = new(Allocate(blocks), blocks);
        _slabs.Add(slab);
        Place(slab, Count);
        Count += blocks;
    }

    private void Drop(int blocks)
    {
        for (int left = blocks; left > 0;)
        {
            Slab last = _slabs[^1];
            int gone = Math.Min(left, last.Blocks);
            int kept = last.Blocks - gone;
            // A slab is one allocation: what stays moves to a smaller one.
            Slab smaller = kept > 0 ? new(Allocate(kept), kept) : default;
            _slabs.RemoveAt(_slabs.Count - 1);
            Count -= last.Blocks;
            left -= gone;
            if (kept > 0)
            {
                Buffer.MemoryCopy((byte*)last.Memory, (byte*)smaller.Memory, kept * BlockBytes, kept * BlockBytes);
                _slabs.Add(smaller);
                Place(smaller, Count);
                Count += kept;
            }
            NativeMemory.AlignedFree((byte*)last.Memory);
        }
    }

    private nint Allocate(int blocks) => (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(64, blocks * BlockBytes), 64);

    private void Place(Slab slab, int first)
    {
        for (int i = 0; i < slab.Blocks; i++)
            _addresses[first + i] = (byte*)slab.Memory + i * BlockBytes;
    }

    private void Reserve(int count)
    {
        if (count <= _capacity)
            return;
        int capacity = (int)Math.Min(int.MaxValue, Math.Max(64L, 2L * count));
        _addresses = (byte**)NativeMemory.Realloc(_addresses, (nuint)capacity * (nuint)sizeof(byte*));
        _capacity = capacity;
    }

    private readonly record struct Slab(nint Memory, int Blocks);
}
