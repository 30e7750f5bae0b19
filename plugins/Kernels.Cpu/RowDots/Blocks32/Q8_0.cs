using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>scale 2 · signed bytes 32.</summary>
internal readonly unsafe partial struct Q8_0 : IBlock32
{
    public static int Bytes => 34;

    public static bool HasMinimum => false;

    public static bool IsStepFirst => false;

    public static int Planes => 2;

    public static int Run => 8;

    public static int ZeroShift => 7;

    public static int NibblesAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Weight(byte* block, int column) => (sbyte)block[2 + column];
}
