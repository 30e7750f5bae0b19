using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Keys of several rows, which stand by features as a tile's keys do: they are rounded together, and rows that follow each other are entries side by side.</summary>
internal static unsafe class KeyPanel
{
    /// <summary>Whether a type's keys are written so; others have scales of their own.</summary>
    public static bool Takes(KvType type) => type is KvType.F16 or KvType.BF16 or KvType.F32;

    /// <summary>Rounds a head's keys to the cache's elements.</summary>
    /// <param name="type">The cache's.</param>
    /// <param name="keys">[element][row].</param>
    /// <param name="count">Floats, a multiple of 8.</param>
    /// <param name="room">Room for as many elements of two bytes.</param>
    /// <returns>The elements in the same order: the room, or the keys where the cache has floats.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static byte* Round(KvType type, float* keys, int count, ushort* room)
    {
        if (type == KvType.F32)
            return (byte*)keys;
        for (int i = 0; i < count; i += 8)
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
    /// <param name="keys">What <see cref="Round"/> gave, at the first row.</param>
    /// <param name="width">Elements from one of a head's elements to the next.</param>
    /// <param name="count">Rows.</param>
    /// <returns>False where a half that was written is not finite.</returns>
    public static bool Write(CacheLayout layout, byte* tile, int entry, byte* keys, int width, int count)
    {
        int length = layout.Spec.KeyLength;
        if (layout.Type != KvType.F32)
            return Copy((ushort*)tile + entry, (ushort*)keys, width, count, length) < 0x7c00 || layout.Type != KvType.F16;
        float* from = (float*)keys, to = (float*)tile + entry;
        for (int i = 0; i < length; i++, from += width, to += AttentionTile.Entries)
            for (int row = 0; row < count; row++)
                to[row] = from[row];
        return true;
    }

    // The largest without its sign.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Copy(ushort* to, ushort* from, int width, int count, int length)
    {
        int largest = 0;
        if (count == AttentionTile.Entries)
        {
            Vector256<ushort> most = default, magnitude = Vector256.Create((ushort)0x7fff);
            for (int i = 0; i < length; i++, from += width, to += AttentionTile.Entries)
            {
                Vector256<ushort> row = Vector256.Load(from);
                most = Vector256.Max(most, row & magnitude);
                row.Store(to);
            }
            for (int i = 0; i < AttentionTile.Entries; i++)
                largest = Math.Max(largest, most[i]);
            return largest;
        }
        for (int i = 0; i < length; i++, from += width, to += AttentionTile.Entries)
            for (int row = 0; row < count; row++)
            {
                to[row] = from[row];
                largest = Math.Max(largest, from[row] & 0x7fff);
            }
        return largest;
    }
}
