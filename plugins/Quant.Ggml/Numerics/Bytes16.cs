using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>Sixteen bytes to sixteen scaled floats. A product and a sum each round, as in the reference: no fused multiply-add.</summary>
internal static unsafe class Bytes16
{
    /// <summary>destination[i] = q[i] · scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(Vector128<sbyte> q, float scale, float* destination)
    {
        if (Avx512F.IsSupported)
        {
            (Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(q)) * Vector512.Create(scale)).Store(destination);
            return;
        }
        (Vector256<int> low, Vector256<int> high) = Widen(q);
        Vector256<float> scales = Vector256.Create(scale);
        (Vector256.ConvertToSingle(low) * scales).Store(destination);
        (Vector256.ConvertToSingle(high) * scales).Store(destination + 8);
    }

    /// <summary>destination[i] = q[i] · scale + offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MultiplyAdd(Vector128<byte> q, float scale, float offset, float* destination)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<float> products = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(q)) * Vector512.Create(scale);
            (products + Vector512.Create(offset)).Store(destination);
            return;
        }
        (Vector256<int> low, Vector256<int> high) = Widen(q.AsSByte());
        Vector256<float> scales = Vector256.Create(scale), offsets = Vector256.Create(offset);
        (Vector256.ConvertToSingle(low) * scales + offsets).Store(destination);
        (Vector256.ConvertToSingle(high) * scales + offsets).Store(destination + 8);
    }

    // Unsigned values of the types with an offset are below 128: the sign extension serves both.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<int> Low, Vector256<int> High) Widen(Vector128<sbyte> q)
    {
        if (Avx2.IsSupported)
            return (Avx2.ConvertToVector256Int32(q), Avx2.ConvertToVector256Int32(Vector128.Shuffle(q.AsUInt64(), Vector128.Create(1ul, 0)).AsSByte()));
        (Vector128<short> first, Vector128<short> second) = Vector128.Widen(q);
        (Vector128<int> a, Vector128<int> b) = Vector128.Widen(first);
        (Vector128<int> c, Vector128<int> d) = Vector128.Widen(second);
        return (Vector256.Create(a, b), Vector256.Create(c, d));
    }
}
