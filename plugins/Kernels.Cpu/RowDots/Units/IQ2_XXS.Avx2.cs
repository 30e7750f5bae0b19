using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct IQ2_XXS
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        // The second words of the groups 0 1 4 5 and 2 3 6 7, then in order.
        Vector256<float> second = Avx.Shuffle(Vector256.Load((float*)(unit + Words)), Vector256.Load((float*)(unit + Words + 32)), 0b11_01_11_01);
        UnitScales.Odd(X86.Avx2.Permute4x64(second.AsInt64(), 0b11_01_10_00).AsInt32() >>> 28, UnitScales.Half(unit) / 8, scales);
        ulong* entries = (ulong*)table;
        for (int group = 0; group < UnitDot.Groups; group++)
        {
            ulong word = Unsafe.ReadUnaligned<ulong>(unit + Words + 8 * group);
            Vector256<byte> magnitudes = Vector256.Create(entries[(byte)word], entries[(byte)(word >> 8)], entries[(byte)(word >> 16)], entries[(byte)(word >> 24)]).AsByte();
            Signs.Apply(magnitudes, Signs.EvenOfPacked((uint)(word >> 32))).StoreAligned(weights + 32 * group);
        }
    }
}
