using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>
/// Floats of eight bits to float32 with AVX2, by way of the two bytes of a bfloat16: the bits of a normal number only move, and what is off for the magnitudes below
/// 16, the subnormals among them, comes from a table. No float arithmetic: subnormal inputs would be slow.
/// </summary>
internal static class Fp8Vector<TFormat>
    where TFormat : struct, IFp8Format
{
    /// <summary>The lower and the upper bytes of the bfloat16s.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split(Vector256<byte> bits, out Vector256<byte> low, out Vector256<byte> high)
    {
        int up = 7 - TFormat.MantissaBits, down = 8 - up;
        Vector256<byte> magnitude = bits & Vector256.Create((byte)0x7f);
        // The shuffle takes the low four bits and gives 0 where the top bit is set: from 16 on.
        Vector256<byte> index = magnitude + Vector256.Create((byte)0x70);
        low = ((bits.AsUInt16() << up).AsByte() & Vector256.Create((byte)(0xff << up))) + Avx2.Shuffle(TFormat.LowCorrection, index);
        high = ((bits.AsUInt16() >> down).AsByte() & Vector256.Create((byte)(0x7f >> down)))
            + Vector256.Create((byte)(127 - TFormat.Bias >> 1)) + Avx2.Shuffle(TFormat.HighCorrection, index);
        high |= Avx2.CompareGreaterThan(magnitude.AsSByte(), Vector256.Create((sbyte)TFormat.Largest)).AsByte() & Vector256.Create((byte)0x7f);
        high |= bits & Vector256.Create((byte)0x80);
    }

    /// <summary>32 floats as columns 0 2 4 6 16 18 20 22, 1 3 5 7 17 19 21 23, 8 10 12 14 24 26 28 30 and 9 11 13 15 25 27 29 31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Decode(Vector256<byte> bits, out Vector256<float> a, out Vector256<float> b, out Vector256<float> c, out Vector256<float> d)
    {
        Split(bits, out Vector256<byte> low, out Vector256<byte> high);
        Vector256<uint> first = Avx2.UnpackLow(low, high).AsUInt32(), second = Avx2.UnpackHigh(low, high).AsUInt32();
        Vector256<uint> upper = Vector256.Create(0xffff0000);
        a = (first << 16).AsSingle();
        b = (first & upper).AsSingle();
        c = (second << 16).AsSingle();
        d = (second & upper).AsSingle();
    }

    /// <summary>Writes 32 values times a scale in the order of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Dequantize(byte* source, Vector256<float> scale, float* destination)
    {
        Decode(Vector256.Load(source), out Vector256<float> a, out Vector256<float> b, out Vector256<float> c, out Vector256<float> d);
        Store(Avx.UnpackLow(a, b) * scale, Avx.UnpackHigh(a, b) * scale, destination);
        Store(Avx.UnpackLow(c, d) * scale, Avx.UnpackHigh(c, d) * scale, destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Store(Vector256<float> low, Vector256<float> high, float* destination)
    {
        Vector256.Create(low.GetLower(), high.GetLower()).Store(destination);
        Vector256.Create(low.GetUpper(), high.GetUpper()).Store(destination + 16);
    }
}
