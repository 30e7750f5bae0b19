using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>Four blocks of 64: four unsigned E4M3 scales 4 · nibbles 32 that name E2M1 floats: each 8 bytes are 16 weights, low nibbles first.</summary>
internal readonly unsafe partial struct NVFP4 : IUnit
{
    private const int Block = 36;

    public static int Bytes => 4 * Block;

    public static bool HasSixteens => true;

    public static int ZeroShift => 4;

    public static byte* Table() => null;

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
