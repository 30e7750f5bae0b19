namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// scale 2 · minimum scale 2 · scales and minimums of each 32 12 (<see cref="KScales"/>) · fifth bits 32 · nibbles 128 (<see cref="KNibbles"/>).
/// Bit g of fifth byte i belongs to weight 32 · g + i.
/// </summary>
internal readonly unsafe partial struct Q5_K : ISuperBlock
{
    private const int Fifth = 16;
    private const int Quants = 48;

    public static int Bytes => 176;

    public static int Scale => 0;

    public static int Group => 32;

    public static int Run => 4;

    public static int ZeroShift => 0;

    public static int NibblesAt => 0;

    public static bool HasMinimums => true;

    public static int Weight(byte* block, int column) => KNibbles.One(block + Quants, column) | (block[Fifth + column % 32] >> column / 32 & 1) << 4;

    public static int GroupScale(byte* block, int group) => KScales.One(block, group);

    public static int GroupMinimum(byte* block, int group) => KScales.OneMinimum(block, group);
}
