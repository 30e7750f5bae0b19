namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// scale (low nibble) and minimum (high nibble) of each 16 16 · weights of two bits 64 · scale 2 · minimum scale 2. Each 32 bytes of weights are 128: the lowest bits are the first 32.
/// </summary>
internal readonly unsafe partial struct Q2_K : ISuperBlock
{
    private const int Quants = 16;

    public static int Bytes => 84;

    public static int Scale => 80;

    public static int Group => 16;

    public static int Run => 4;

    public static int ZeroShift => 0;

    public static int NibblesAt => 0;

    public static bool HasMinimums => true;

    public static int Weight(byte* block, int column) => block[Quants + column / 128 * 32 + column % 32] >> column % 128 / 32 * 2 & 3;

    public static int GroupScale(byte* block, int group) => block[group] & 15;

    public static int GroupMinimum(byte* block, int group) => block[group] >> 4;
}
