using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache;

/// <summary>Writes one head's key and value as an entry of a tile.</summary>
internal static unsafe class CacheWriter
{
    /// <summary>Writes in half precision.</summary>
    /// <param name="keys">The tile's keys, at the entry's column.</param>
    /// <param name="values">The entry's value row.</param>
    /// <param name="key">The key.</param>
    /// <param name="keyLength">Elements of the key.</param>
    /// <param name="value">The value.</param>
    /// <param name="valueLength">Elements of the value.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteHalf(ushort* keys, ushort* values, float* key, int keyLength, float* value, int valueLength)
    {
        ushort* eight = stackalloc ushort[8];
        int i = 0;
        for (; i <= keyLength - 8; i += 8)
        {
            Halves.Narrow(Vector256.Load(key + i)).Store(eight);
            for (int k = 0; k < 8; k++)
                keys[(i + k) * AttentionTile.Entries] = eight[k];
        }
        for (; i < keyLength; i++)
            keys[i * AttentionTile.Entries] = Halves.Narrow(Vector256.Create(key[i])).ToScalar();
        for (i = 0; i <= valueLength - 8; i += 8)
            Halves.Narrow(Vector256.Load(value + i)).Store(values + i);
        for (; i < valueLength; i++)
            values[i] = Halves.Narrow(Vector256.Create(value[i])).ToScalar();
    }

    /// <summary>Writes in single precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteFloat(float* keys, float* values, float* key, int keyLength, float* value, int valueLength)
    {
        for (int i = 0; i < keyLength; i++)
            keys[i * AttentionTile.Entries] = key[i];
        for (int i = 0; i < valueLength; i++)
            values[i] = value[i];
    }
}
