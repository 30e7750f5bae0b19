namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>scale 2 · minimum scale 2 · scales and minimums of each 32 12 (<see cref="KScales"/>) · nibbles 128 (<see cref="KNibbles"/>).</summary>
internal readonly unsafe partial struct Q4_K : ISuperBlock
{
    private const int Quants = 16;

    public static int Bytes => 144;

    public static int Scale => 0;

    public static int Group => 32;

    public static int Run => 8;

    public static int ZeroShift => 0;

    public static int NibblesAt => Quants;

    public static bool HasMinimums => true;

    public static int Weight(byte* block, int column) => KNibbles.One(block + Quants, column);

    public static int GroupScale(byte* block, int group) => KScales.One(block, group);

    public static int GroupMinimum(byte* block, int group) => KScales.OneMinimum(block, group);
}
