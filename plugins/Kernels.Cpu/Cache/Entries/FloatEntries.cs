using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Entries in single precision, which are read where they stand.</summary>
internal static unsafe class FloatEntries
{
    /// <inheritdoc cref="HalfEntries.Write"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(float* keys, float* values, float* key, int keyLength, float* value, int valueLength)
    {
        for (int i = 0; i < keyLength; i++)
            keys[i * AttentionTile.Entries] = key[i];
        for (int i = 0; i < valueLength; i++)
            values[i] = value[i];
    }
}
