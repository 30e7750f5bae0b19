using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>scale 2 · fifth bits 4 · nibbles 16.</summary>
internal readonly unsafe partial struct Q5_0 : IBlock32
{
    public static int Bytes => 22;

    public static bool HasMinimum => false;

    public static bool IsStepFirst => false;

    public static int Planes => 1;

    public static int Run => 4;

    public static int ZeroShift => 4;

    public static int NibblesAt => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Weight(byte* block, int column) => (Nibbles.One(block + 6, column) | (block[2 + (column >> 3)] >> (column & 7) & 1) << 4) - 16;
}
