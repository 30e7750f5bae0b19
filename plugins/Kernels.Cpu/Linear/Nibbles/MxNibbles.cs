using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>E2M1 floats times 2^e: bytes of twice the value plus 12, and half of the power.</summary>
internal readonly unsafe struct MxNibbles : INibbleType
{
    private const int Zero = 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Values(Vector256<byte> nibbles) =>
        X86.Avx2.Shuffle(Vector256.Create(Vector128.Create((byte)12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0)), nibbles);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(in NibbleRow row, int group, out Vector256<float> scales, out Vector256<float> minimums)
    {
        Vector256<int> bits = X86.Avx2.ConvertToVector256Int32(row.Scales + group);
        // A power below 2^-126 is subnormal: 2^-127 and 2^-128; 255 stands for NaN.
        Vector256<int> small = Vector256.ConditionalSelect(Vector256.Equals(bits, Vector256<int>.Zero), Vector256.Create(1 << 21), Vector256.Create(1 << 22));
        Vector256<int> powers = Vector256.ConditionalSelect(Vector256.LessThan(bits, Vector256.Create(2)), small, bits - Vector256<int>.One << 23);
        scales = Vector256.ConditionalSelect(Vector256.Equals(bits, Vector256.Create(255)), Vector256.Create(0x7fc00000), powers).AsSingle();
        minimums = -(scales * Vector256.Create((float)Zero));
    }

    public static void One(in NibbleRow row, int group, out float scale, out float minimum)
    {
        int bits = row.Scales[group];
        scale = BitConverter.Int32BitsToSingle(bits switch { 0 => 1 << 21, 1 => 1 << 22, 255 => 0x7fc00000, _ => bits - 1 << 23 });
        minimum = -(scale * Zero);
    }
}
