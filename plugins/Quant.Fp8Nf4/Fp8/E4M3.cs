using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>Four bits of exponent, three of mantissa: up to 448, no infinities, NaN where all bits of the magnitude are set.</summary>
internal readonly struct E4M3 : IFp8Format
{
    public static string Id => "f8_e4m3";

    public static int MantissaBits => 3;

    public static int Bias => 7;

    public static byte Largest => 0x7e;

    public static byte Infinity => 0x7f;

    // k · 2^-9 as bfloat16: 0, 3b00, 3b80, 3bc0, 3c00, 3c20, 3c40, 3c60; as a normal number 3c00 + 10k.
    public static Vector256<byte> LowCorrection
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(Vector128.Create((byte)0, 0xf0, 0x60, 0x90, 0xc0, 0xd0, 0xe0, 0xf0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    public static Vector256<byte> HighCorrection
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create(Vector128.Create((byte)0xc4, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }
}
