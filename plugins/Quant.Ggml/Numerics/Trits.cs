using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml.Numerics;

/// <summary>Trits of −1, 0 and 1, up to five a byte.</summary>
/// <remarks>
/// A byte is a fraction b / 256 whose base-3 digits are the trits + 1, the most significant first: the product with 3 has the next digit above
/// the byte, and what is left below it.
/// </remarks>
internal static unsafe class Trits
{
    /// <summary>The trits that a byte can hold.</summary>
    public const int OfByte = 5;

    private const int Values = 256;
    private const int Powers = 243;

    /// <summary>Writes five times sixteen trits: trit n of byte i to n · stride + i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split16(byte* packed, int stride, sbyte* values)
    {
        Vector128<byte> rest = Vector128.Load(packed);
        for (int n = 0; n < OfByte; n++, values += stride)
        {
            Next(rest).Store(values);
            rest += rest + rest;
        }
    }

    /// <summary>Writes four times four trits: trit n of byte i to 4n + i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Split4(byte* packed, sbyte* values)
    {
        Vector128<byte> rest = Vector128.Create(Unsafe.ReadUnaligned<uint>(packed)).AsByte();
        for (int n = 0; n < 4; n++, values += 4)
        {
            Unsafe.WriteUnaligned(values, Next(rest).AsUInt32().ToScalar());
            rest += rest + rest;
        }
    }

    /// <summary>The byte of trits that are <paramref name="stride"/> apart.</summary>
    public static byte Join(sbyte* trits, int stride, int count)
    {
        int number = 0;
        for (int n = 0; n < OfByte; n++)
            number = 3 * number + (n < count ? trits[n * stride] : 0);
        // Rounded up, so that the digits come back.
        return (byte)((number * Values + Powers - 1) / Powers);
    }

    /// <summary>Rounds 256 values by the largest magnitude to trits + 1; the scale, a half.</summary>
    public static ushort Quantize(float* values, sbyte* trits)
    {
        float scale = MathF.Abs(Extremes.Outermost(values, Values)), inverse = Extremes.Inverse(scale);
        for (int i = 0; i < Values; i++)
            trits[i] = (sbyte)((int)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero) + 1);
        return Extremes.HalfBits(scale);
    }

    // 3b / 256 is at least 1 from 86 and at least 2 from 171. A comparison gives −1 where it holds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Next(Vector128<byte> rest)
    {
        Vector128<byte> one = Vector128.GreaterThan(rest, Vector128.Create((byte)85)), two = Vector128.GreaterThan(rest, Vector128.Create((byte)170));
        return (Vector128<byte>.AllBitsSet - one - two).AsSByte();
    }
}
