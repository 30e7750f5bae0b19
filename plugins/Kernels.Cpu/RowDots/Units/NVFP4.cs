using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Four blocks of 64: four unsigned E4M3 scales 4 · nibbles 32 that name E2M1 floats: each 8 bytes are 16 weights, low nibbles first.</summary>
internal readonly unsafe struct NVFP4 : IUnit
{
    private const int Block = 36;

    public static int Bytes => 4 * Block;

    public static bool HasSixteens => true;

    public static byte* Table() => null;

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

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        for (int i = 0; i < 32 * groups; i++)
        {
            byte* block = unit + i / 64 * Block;
            int sixteen = i / 16 & 3, place = i & 15;
            scales[i / 16] = Halves(Vector128.CreateScalar((int)block[sixteen])).ToScalar();
            weights[i] = Levels.Fp4Of(block[4 + 8 * sixteen + (place & 7)] >> place / 8 * 4 & 15);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Sixteens(Vector256<sbyte> levels, byte* packed)
    {
        Vector128<byte> bytes = Vector128.Load(packed), nibble = Vector128.Create((byte)15);
        Vector128<ulong> low = (bytes & nibble).AsUInt64(), high = ((bytes.AsUInt16() >> 4).AsByte() & nibble).AsUInt64();
        return X86.Avx2.Shuffle(levels, Vector256.Create(Sse2.UnpackLow(low, high), Sse2.UnpackHigh(low, high)).AsSByte());
    }

    // Half of the E4M3 floats, since the levels are doubled: the sign does not count, subnormals are multiples of 2^-9, and the one NaN without a sign is 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Halves(Vector128<int> bits)
    {
        Vector128<int> magnitude = bits & Vector128.Create(0x7f);
        Vector128<float> normal = ((magnitude << 20) + Vector128.Create(119 << 23)).AsSingle();
        Vector128<float> subnormal = Vector128.ConvertToSingle(magnitude) * Vector128.Create(1f / 1024);
        Vector128<float> value = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(8)).AsSingle(), subnormal, normal);
        return Vector128.AndNot(value, Vector128.Equals(bits, Vector128.Create(0x7f)).AsSingle());
    }
}
