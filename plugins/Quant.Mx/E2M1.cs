using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Common;

namespace Tessera.Quant.Mx;

/// <summary>Floats of a sign, two bits of exponent and one of mantissa, two in a byte, the low nibble first.</summary>
/// <remarks>https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf</remarks>
internal static unsafe class E2M1
{
    /// <summary>Twice the largest value: what is added to make twice a value an unsigned byte.</summary>
    public const int Zero = 12;

    /// <summary>The values of the codes.</summary>
    private static ReadOnlySpan<float> Levels => [0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f, -0f, -0.5f, -1f, -1.5f, -2f, -3f, -4f, -6f];

    /// <summary>Twice the values, plus <see cref="Zero"/>.</summary>
    private static ReadOnlySpan<byte> Doubles => [12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0];

    /// <summary>Writes value · scale.</summary>
    public static void Dequantize(byte* packed, int count, float scale, float* destination)
    {
        ReadOnlySpan<float> levels = Levels;
        for (int i = 0; i < count; i += 2, packed++)
            (destination[i], destination[i + 1]) = (levels[*packed & 15] * scale, levels[*packed >> 4] * scale);
    }

    /// <summary>Writes twice the values, plus <see cref="Zero"/>.</summary>
    /// <param name="packed">Two values in a byte.</param>
    /// <param name="count">A multiple of 2.</param>
    /// <param name="values">Room for <paramref name="count"/> bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(byte* packed, long count, byte* values)
    {
        BitStream.Unpack(packed, 4, count, values);
        ReadOnlySpan<byte> doubles = Doubles;
        long i = 0;
        if (Avx2.IsSupported)
        {
            Vector256<byte> table = Vector256.Create(Vector128.Create(doubles));
            for (; i <= count - Vector256<byte>.Count; i += Vector256<byte>.Count)
                Avx2.Shuffle(table, Vector256.Load(values + i)).Store(values + i);
        }
        for (; i < count; i++)
            values[i] = doubles[values[i]];
    }
}
