using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Cache.Entries;

/// <summary>Entries in bfloat16: the upper half of a float, rounded to nearest, ties to even.</summary>
internal static unsafe class BrainEntries
{
    /// <inheritdoc cref="HalfEntries.Write"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(ushort* keys, ushort* values, float* key, int keyLength, float* value, int valueLength)
    {
        ushort* eight = stackalloc ushort[8];
        int i = 0;
        for (; i <= keyLength - 8; i += 8)
        {
            Narrow(Vector256.Load(key + i)).Store(eight);
            for (int k = 0; k < 8; k++)
                keys[(i + k) * AttentionTile.Entries] = eight[k];
        }
        for (; i < keyLength; i++)
            keys[i * AttentionTile.Entries] = Narrow(Vector256.Create(key[i])).ToScalar();
        for (i = 0; i <= valueLength - 8; i += 8)
            Narrow(Vector256.Load(value + i)).Store(values + i);
        for (; i < valueLength; i++)
            values[i] = Narrow(Vector256.Create(value[i])).ToScalar();
    }

    /// <inheritdoc cref="HalfEntries.Read"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; Avx512F.IsSupported && i <= count - 16; i += 16)
            BF16.Load16((byte*)(source + i)).Store(destination + i);
        for (; i < count; i += 8)
            Widen(source + i).Store(destination + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(ushort* source)
    {
        Vector256<int> bits = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(source)
            : Vector256.Create(Vector128.WidenLower(Vector128.Load(source)), Vector128.WidenUpper(Vector128.Load(source))).AsInt32();
        return Vector256.ShiftLeft(bits, 16).AsSingle();
    }

    /// <summary>What is not a number stays none: rounding could carry into its exponent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Narrow(Vector256<float> x)
    {
        Vector256<uint> bits = x.AsUInt32(), high = Vector256.ShiftRightLogical(bits, 16);
        Vector256<uint> rounded = Vector256.ShiftRightLogical(bits + Vector256.Create(0x7fffu) + (high & Vector256<uint>.One), 16);
        Vector256<uint> result = Vector256.ConditionalSelect(Vector256.Equals(x, x).AsUInt32(), rounded, high | Vector256.Create(0x40u));
        return Vector128.Narrow(result.GetLower(), result.GetUpper());
    }
}
