using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Fp8Nf4.Parts;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>The dot product of floats of eight bits with a row of <see cref="Fp8Row"/>.</summary>
internal static unsafe class Fp8Dot<TFormat>
    where TFormat : struct, IFp8Format
{
    // Far enough for the memory to answer in time; what lies behind the last row is asked for, never read.
    private const int Ahead = 4096;

    /// <summary>The dot product of a row.</summary>
    /// <param name="weights">The row.</param>
    /// <param name="prepared">The activations.</param>
    /// <param name="columns">Their number.</param>
    /// <param name="scales">The tensor's scales.</param>
    /// <param name="row">The row's number.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Of(byte* weights, float* prepared, long columns, ScaleGrid scales, long row) =>
        Avx512Vbmi.IsSupported ? Vbmi(weights, prepared, columns, scales, row)
        : Avx2.IsSupported && Fma.IsSupported ? Avx2Fma(weights, prepared, columns, scales, row)
        : Scalar(weights, prepared, columns, scales, row);

    // The 128 magnitudes' bytes are two tables of two registers each; the lookups ignore the sign.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Vbmi(byte* weights, float* x, long columns, ScaleGrid scales, long row)
    {
        const int Width = 64;
        Table(0, out Vector512<byte> low0, out Vector512<byte> high0);
        Table(Width, out Vector512<byte> low1, out Vector512<byte> high1);
        Vector512<float> total = default;
        Vector512<byte> sign = Vector512.Create((byte)0x80);
        Vector512<uint> upper = Vector512.Create(0xffff0000);
        byte* rest = stackalloc byte[Width];
        for (long start = 0, block = 0; start < columns; start += scales.Columns, block++)
        {
            Vector512<float> a = default, b = default, c = default, d = default;
            for (long i = start, end = long.Min(columns, start + scales.Columns); i < end; i += Width, x += Width)
            {
                byte* from = weights + i;
                Sse.Prefetch0(from + Ahead);
                if (end - i < Width)
                    from = Last(from, end - i, rest, Width);
                Vector512<byte> bits = Vector512.Load(from);
                Vector512<byte> low = Avx512Vbmi.PermuteVar64x8x2(low0, bits, low1), high = Avx512Vbmi.PermuteVar64x8x2(high0, bits, high1) | bits & sign;
                Vector512<uint> first = Avx512BW.UnpackLow(low, high).AsUInt32(), second = Avx512BW.UnpackHigh(low, high).AsUInt32();
                a = Avx512F.FusedMultiplyAdd((first << 16).AsSingle(), Vector512.Load(x), a);
                b = Avx512F.FusedMultiplyAdd((first & upper).AsSingle(), Vector512.Load(x + 16), b);
                c = Avx512F.FusedMultiplyAdd((second << 16).AsSingle(), Vector512.Load(x + 32), c);
                d = Avx512F.FusedMultiplyAdd((second & upper).AsSingle(), Vector512.Load(x + 48), d);
            }
            total = Avx512F.FusedMultiplyAdd(a + b + (c + d), Vector512.Create(scales.At(row, block)), total);
        }
        return Vector256.Sum(total.GetLower() + total.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Table(int first, out Vector512<byte> low, out Vector512<byte> high)
    {
        Vector256<byte> magnitudes = Vector256<byte>.Indices + Vector256.Create((byte)first);
        Fp8Vector<TFormat>.Split(magnitudes, out Vector256<byte> lowA, out Vector256<byte> highA);
        Fp8Vector<TFormat>.Split(magnitudes + Vector256.Create((byte)32), out Vector256<byte> lowB, out Vector256<byte> highB);
        low = Vector512.Create(lowA, lowB);
        high = Vector512.Create(highA, highB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Avx2Fma(byte* weights, float* x, long columns, ScaleGrid scales, long row)
    {
        const int Width = 32;
        Vector256<float> total = default;
        byte* rest = stackalloc byte[Width];
        for (long start = 0, block = 0; start < columns; start += scales.Columns, block++)
        {
            Vector256<float> a = default, b = default, c = default, d = default;
            for (long i = start, end = long.Min(columns, start + scales.Columns); i < end; i += Width, x += Width)
            {
                byte* from = weights + i;
                Sse.Prefetch0(from + Ahead);
                if (end - i < Width)
                    from = Last(from, end - i, rest, Width);
                Fp8Vector<TFormat>.Decode(Vector256.Load(from), out Vector256<float> w0, out Vector256<float> w1, out Vector256<float> w2, out Vector256<float> w3);
                a = Fma.MultiplyAdd(w0, Vector256.Load(x), a);
                b = Fma.MultiplyAdd(w1, Vector256.Load(x + 8), b);
                c = Fma.MultiplyAdd(w2, Vector256.Load(x + 16), c);
                d = Fma.MultiplyAdd(w3, Vector256.Load(x + 24), d);
            }
            total = Fma.MultiplyAdd(a + b + (c + d), Vector256.Create(scales.At(row, block)), total);
        }
        return Vector256.Sum(total);
    }

    /// <summary>The last weights of a row with zeros behind them: what follows them in memory may be no part of the file.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* Last(byte* weights, long count, byte* rest, int width)
    {
        new Span<byte>(rest, width).Clear();
        Unsafe.CopyBlockUnaligned(rest, weights, (uint)count);
        return rest;
    }

    private static float Scalar(byte* weights, float* x, long columns, ScaleGrid scales, long row)
    {
        double sum = 0;
        for (long i = 0; i < columns; i++)
            sum += (double)Fp8Numbers<TFormat>.ToSingle(weights[i]) * scales.At(row, i / scales.Columns) * x[i];
        return (float)sum;
    }
}
