using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Entries in half precision.</summary>
internal static unsafe class HalfEntries
{
    /// <summary>Writes a key and a value.</summary>
    /// <param name="keys">The tile's keys, at the entry's column.</param>
    /// <param name="values">The entry's value row.</param>
    /// <param name="key">The key.</param>
    /// <param name="keyLength">Elements of the key.</param>
    /// <param name="value">The value.</param>
    /// <param name="valueLength">Elements of the value.</param>
    /// <returns>Whether all that was written is finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Write(ushort* keys, ushort* values, float* key, int keyLength, float* value, int valueLength)
    {
        ushort* eight = stackalloc ushort[8];
        Vector128<ushort> largest = default, magnitude = Vector128.Create((ushort)0x7fff);
        int i = 0;
        for (; i <= keyLength - 8; i += 8)
        {
            Vector128<ushort> halves = Halves.Narrow(Vector256.Load(key + i));
            largest = Vector128.Max(largest, halves & magnitude);
            halves.Store(eight);
            for (int k = 0; k < 8; k++)
                keys[(i + k) * AttentionTile.Entries] = eight[k];
        }
        for (; i < keyLength; i++)
        {
            Vector128<ushort> half = Halves.Narrow(Vector256.Create(key[i]));
            largest = Vector128.Max(largest, half & magnitude);
            keys[i * AttentionTile.Entries] = half.ToScalar();
        }
        for (i = 0; i <= valueLength - 8; i += 8)
        {
            Vector128<ushort> halves = Halves.Narrow(Vector256.Load(value + i));
            largest = Vector128.Max(largest, halves & magnitude);
            halves.Store(values + i);
        }
        for (; i < valueLength; i++)
        {
            Vector128<ushort> half = Halves.Narrow(Vector256.Create(value[i]));
            largest = Vector128.Max(largest, half & magnitude);
            values[i] = half.ToScalar();
        }
        return Vector128.LessThanAll(largest, Vector128.Create((ushort)0x7c00));
    }

    /// <summary>Widens a run of elements.</summary>
    /// <param name="source">The elements.</param>
    /// <param name="count">A multiple of 8.</param>
    /// <param name="destination">The floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; Avx512F.IsSupported && i <= count - 16; i += 16)
            Halves.Widen16(source + i).Store(destination + i);
        for (; i < count; i += 8)
            Halves.Widen(source + i).Store(destination + i);
    }

    /// <summary>Widens a run of elements that are all finite, in fewer steps.</summary>
    /// <param name="source">The elements.</param>
    /// <param name="count">A multiple of 8.</param>
    /// <param name="destination">The floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReadFinite(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; Avx512F.IsSupported && i <= count - 16; i += 16)
            Halves.WidenFinite16(source + i).Store(destination + i);
        for (; i < count; i += 8)
            Halves.WidenFinite(source + i).Store(destination + i);
    }
}
