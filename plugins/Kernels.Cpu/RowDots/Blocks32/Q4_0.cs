using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>scale 2 · nibbles 16.</summary>
internal readonly unsafe partial struct Q4_0 : IBlock32
{
    public static int Bytes => 18;

    public static bool HasMinimum => false;

    public static bool IsStepFirst => false;

    public static int Planes => 1;

    public static int Run => 8;

    public static int ZeroShift => 3;

    public static int NibblesAt => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Weight(byte* block, int column) => Nibbles.One(block + 2, column) - 8;
}
