using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

internal readonly unsafe partial struct NVFP4
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        Vector256<sbyte> levels = Levels.Fp4();
        for (int group = 0; group < groups; group += 2, unit += Block, weights += 64, scales += 4)
        {
            Halves(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(Unsafe.ReadUnaligned<uint>(unit)).AsByte())).AsInt32()).Store(scales);
            Sixteens(levels, unit + 4).StoreAligned(weights);
            Sixteens(levels, unit + 20).StoreAligned(weights + 32);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Sixteens(Vector256<sbyte> levels, byte* packed)
    {
        Vector128<byte> bytes = Vector128.Load(packed), nibble = Vector128.Create((byte)15);
        Vector128<ulong> low = (bytes & nibble).AsUInt64(), high = ((bytes.AsUInt16() >> 4).AsByte() & nibble).AsUInt64();
        return X86.Avx2.Shuffle(levels, Vector256.Create(Sse2.UnpackLow(low, high), Sse2.UnpackHigh(low, high)).AsSByte());
    }
}
