using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>Dot products of floats of eight bits with a float row.</summary>
internal static unsafe class Fp8Dot<TFormat>
    where TFormat : struct, IFp8Format
{
    private const int Count = Fp8Vector<TFormat>.Count;

    // Far enough for the memory to answer in time; what lies behind the last row is asked for, never read.
    private const int Ahead = 4096;

    /// <summary>True where rows are prepared in the order of <see cref="Fp8Vector{TFormat}"/>.</summary>
    public static bool IsPermuted => Avx2.IsSupported && Fma.IsSupported;

    /// <summary>The dot product; the prepared row is zero up to a multiple of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Of(byte* weights, float* prepared, long columns) =>
        IsPermuted ? Vector(weights, prepared, columns) : Scalar(weights, prepared, columns);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Vector(byte* weights, float* x, long columns)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        long i = 0;
        for (; i <= columns - Count; i += Count)
        {
            Sse.Prefetch0(weights + i + Ahead);
            Add(weights + i, x + i, ref a, ref b, ref c, ref d);
        }
        if (i < columns)
        {
            byte* rest = stackalloc byte[Count];
            new Span<byte>(rest, Count).Clear();
            Unsafe.CopyBlockUnaligned(rest, weights + i, (uint)(columns - i));
            Add(rest, x + i, ref a, ref b, ref c, ref d);
        }
        return Vector256.Sum(a + b + (c + d));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(byte* weights, float* x, ref Vector256<float> a, ref Vector256<float> b, ref Vector256<float> c, ref Vector256<float> d)
    {
        Fp8Vector<TFormat>.Decode(Vector256.Load(weights), out Vector256<float> w0, out Vector256<float> w1, out Vector256<float> w2, out Vector256<float> w3);
        a = Fma.MultiplyAdd(w0, Vector256.Load(x), a);
        b = Fma.MultiplyAdd(w1, Vector256.Load(x + 8), b);
        c = Fma.MultiplyAdd(w2, Vector256.Load(x + 16), c);
        d = Fma.MultiplyAdd(w3, Vector256.Load(x + 24), d);
    }

    private static float Scalar(byte* weights, float* x, long columns)
    {
        double sum = 0;
        for (long i = 0; i < columns; i++)
            sum += (double)Fp8Numbers<TFormat>.ToSingle(weights[i]) * x[i];
        return (float)sum;
    }
}
