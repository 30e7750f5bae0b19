using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct TQ1_0
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Same(UnitScales.Half(unit + Scale), scales);
        Vector256<byte> rest = Vector256.Load(unit);
        for (int n = 0; n < 5; n++, rest = Thrice(rest))
            Trits(rest).StoreAligned(weights + 32 * n);
        // The next digits of both halves come with two multiplications by 3.
        Vector128<byte> first = Vector128.Load(unit + Middle);
        rest = Vector256.Create(first, first + first + first);
        Trits(rest).StoreAligned(weights + 160);
        rest = Thrice(Thrice(rest));
        Trits(rest).StoreAligned(weights + 192);
        Vector128<byte> fifth = Thrice(Thrice(rest)).GetLower();
        Vector128<byte> a = Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(unit + Last)).AsByte(), b = a + a + a, c = b + b + b, d = c + c + c;
        Vector128<ulong> ab = Sse2.UnpackLow(a.AsUInt32(), b.AsUInt32()).AsUInt64(), cd = Sse2.UnpackLow(c.AsUInt32(), d.AsUInt32()).AsUInt64();
        Trits(Vector256.Create(fifth, Sse2.UnpackLow(ab, cd).AsByte())).StoreAligned(weights + 224);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Thrice(Vector256<byte> rest) => rest + rest + rest;

    // 3b / 256 is at least 1 from 86 and at least 2 from 171: signed comparisons, with the top bit flipped. A comparison gives -1 where it holds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Trits(Vector256<byte> rest)
    {
        Vector256<sbyte> flipped = (rest ^ Vector256.Create((byte)0x80)).AsSByte();
        return Vector256<sbyte>.AllBitsSet - Avx2.CompareGreaterThan(flipped, Vector256.Create((sbyte)(85 - 128))) - Avx2.CompareGreaterThan(flipped, Vector256.Create((sbyte)(170 - 128)));
    }
}
