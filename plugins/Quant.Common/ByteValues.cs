using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Common;

/// <summary>Unsigned bytes to floats, in the order of operations of the types' definitions.</summary>
public static unsafe class ByteValues
{
    /// <summary>scale · u + offset, each rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyAdd(byte* values, long count, float scale, float offset, float* destination)
    {
        long i = 0;
        if (Avx2.IsSupported)
            for (Vector256<float> s = Vector256.Create(scale), o = Vector256.Create(offset); i <= count - 8; i += 8)
                (Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(values + i)) * s + o).Store(destination + i);
        for (; i < count; i++)
        {
            float product = scale * values[i];
            destination[i] = product + offset;
        }
    }

    /// <summary>scale · (u − zero), rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* values, long count, int zero, float scale, float* destination)
    {
        long i = 0;
        if (Avx2.IsSupported)
        {
            Vector256<int> zeros = Vector256.Create(zero);
            for (Vector256<float> s = Vector256.Create(scale); i <= count - 8; i += 8)
                (Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(values + i) - zeros) * s).Store(destination + i);
        }
        for (; i < count; i++)
            destination[i] = scale * (values[i] - zero);
    }

    /// <summary>Signed bytes as unsigned ones: 128 is added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Raise(sbyte* source, long count, byte* destination)
    {
        long i = 0;
        for (; i <= count - Vector256<byte>.Count; i += Vector256<byte>.Count)
            (Vector256.Load((byte*)source + i) ^ Vector256.Create((byte)0x80)).Store(destination + i);
        for (; i < count; i++)
            destination[i] = (byte)(source[i] ^ 0x80);
    }

    /// <summary>Turns the sign of floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Negate(float* values, long count)
    {
        long i = 0;
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
            (-Vector256.Load(values + i)).Store(values + i);
        for (; i < count; i++)
            values[i] = -values[i];
    }
}
