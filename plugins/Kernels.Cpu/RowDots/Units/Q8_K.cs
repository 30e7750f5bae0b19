using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>float scale 4 · signed bytes 256 · sums of 16, which a dot product of bytes has no use for, 32.</summary>
internal readonly unsafe partial struct Q8_K : IUnit
{
    private const int Quants = 4;

    public static int Bytes => 292;

    public static bool HasSixteens => false;

    public static int ZeroShift => 7;

    public static byte* Table() => null;

    public static void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales)
    {
        UnitScales.Same(Unsafe.ReadUnaligned<float>(unit), scales);
        for (int i = 0; i < 32 * groups; i++)
            weights[i] = (sbyte)unit[Quants + i];
    }
}
