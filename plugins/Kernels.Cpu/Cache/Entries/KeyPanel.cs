using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Keys of several rows, which stand by features as a tile's keys do: they are rounded together, and rows that follow each other are entries side by side.</summary>
internal static unsafe class KeyPanel
{
    /// <summary>Rounds a head's keys to the cache's elements.</summary>
    /// <param name="type">The cache's.</param>
    /// <param name="keys">[element][row].</param>
    /// <param name="length">Elements of a key.</param>
    /// <param name="width">Rows, a multiple of 8.</param>
    /// <param name="room">Room for as many elements of two bytes, and at least for two of each row.</param>
    /// <returns>The elements in the same order, scales behind them [group][row]: the room, or the keys where the cache has floats.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Round(KvType type, float* keys, int length, int width, ushort* room)
    {
        if (type == KvType.F32)
            return (byte*)keys;
        int count = length * width;
        if (type == KvType.Q8)
            ByteEntries.RoundKeys(keys, length, width, (sbyte*)room, (ushort*)((byte*)room + count));
        for (int i = 0; type != KvType.Q8 && i < count; i += 8)
        {
            Vector256<float> x = Vector256.Load(keys + i);
            (type == KvType.F16 ? Halves.Narrow(x) : BrainEntries.Narrow(x)).Store(room + i);
        }
        return (byte*)room;
    }

    /// <summary>Writes rows as entries of a tile.</summary>
    /// <param name="layout">The tile's layout.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="entry">The first entry.</param>
    /// <param name="keys">What <see cref="Round"/> gave.</param>
    /// <param name="row">The first row.</param>
    /// <param name="width">Elements from one of a head's elements to the next.</param>
    /// <param name="count">Rows.</param>
    /// <returns>False where a half that was written is not finite.</returns>
    public static bool Write(CacheLayout layout, byte* tile, int entry, byte* keys, int row, int width, int count)
    {
        int length = layout.Spec.KeyLength;
        switch (layout.Type)
        {
            case KvType.F32:
                Copy((float*)tile + entry, (float*)keys + row, width, count, length);
                return true;
            case KvType.Q8:
                Copy(tile + entry, keys + row, width, count, length);
                Copy((ushort*)(tile + layout.KeyScaleOffset) + entry, (ushort*)(keys + (long)length * width) + row, width, count, layout.KeyGroups);
                return true;
            default:
                Copy((ushort*)tile + entry, (ushort*)keys + row, width, count, length);
                return layout.Type != KvType.F16 || Largest((ushort*)keys + row, width, count, length) < 0x7c00;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<T>(T* to, T* from, int width, int count, int length)
        where T : unmanaged
    {
        for (int i = 0; i < length; i++, from += width, to += AttentionTile.Entries)
            if (count == AttentionTile.Entries)
                Unsafe.CopyBlockUnaligned(to, from, AttentionTile.Entries * (uint)sizeof(T));
            else
                for (int row = 0; row < count; row++)
                    to[row] = from[row];
    }

    // Without its sign.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Largest(ushort* halves, int width, int count, int length)
    {
        Vector256<ushort> most = default;
        int largest = 0;
        for (int i = 0; i < length; i++, halves += width)
            if (count == AttentionTile.Entries)
                most = Vector256.Max(most, Vector256.Load(halves) & Vector256.Create((ushort)0x7fff));
            else
                for (int row = 0; row < count; row++)
                    largest = Math.Max(largest, halves[row] & 0x7fff);
        for (int i = 0; i < AttentionTile.Entries; i++)
            largest = Math.Max(largest, most[i]);
        return largest;
    }
}
