using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>Five bits of exponent, two of mantissa: a half without its lower byte.</summary>
internal readonly struct E5M2 : IFp8Format
{
    public static string Id => "f8_e5m2";

    public static int MantissaBits => 2;

    public static int Bias => 15;

    public static byte Largest => 0x7b;

    public static byte Infinity => 0x7c;

    // k · 2^-16 as bfloat16: 0, 3780, 3800, 3840; as a normal number 3800 + 20k.
    public static Vector256<byte> LowCorrection
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(Vector128.Create((byte)0, 0x60, 0xc0, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    public static Vector256<byte> HighCorrection
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(Vector128.Create((byte)0xc8, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }
}
