namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// top bits 32 · weights of two bits 64 · scales of each 16 12 · scale 2. Each 32 bytes of weights are 128: the lowest bits are the first 32; bit g of top byte i belongs to weight 32 · g + i.
/// A weight is 4 less than its three bits say, a group's scale 32 less than its six: eight bytes hold the low nibbles, of scales 0–7 low and of 8–15 high; four bytes the top bits, byte i those of 4 · k + i in bits 2 · k.
/// </summary>
internal readonly unsafe partial struct Q3_K : ISuperBlock
{
    private const int Quants = 32;
    private const int GroupScales = 96;
    private const int ScaleZero = 32;

    public static int Bytes => 110;

    public static int Scale => 108;

    public static int Group => 16;

    public static int Run => 4;

    public static int ZeroShift => 2;

    public static int NibblesAt => 0;

    public static bool HasMinimums => false;

    public static int Weight(byte* block, int column)
    {
        int low = block[Quants + column / 128 * 32 + column % 32] >> column % 128 / 32 * 2 & 3;
        return (low | (block[column % 32] >> column / 32 & 1) << 2) - (1 << ZeroShift);
    }

    public static int GroupScale(byte* block, int group)
    {
        int nibble = block[GroupScales + group % 8] >> group / 8 * 4 & 15;
        return (nibble | (block[GroupScales + 8 + group % 4] >> group / 4 * 2 & 3) << 4) - ScaleZero;
    }

    public static int GroupMinimum(byte* block, int group) => 0;
}
