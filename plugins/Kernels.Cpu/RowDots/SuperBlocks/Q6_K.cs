namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>
/// nibbles 128 · top bits 64 · signed scales of each 16 16 · scale 2. The two halves are alike: 128 weights from 64 bytes of nibbles (low ones first) and 32 bytes of top bits
/// (two bits for the weights i, 32 + i, 64 + i, 96 + i). A weight is 32 less than its six bits say.
/// </summary>
internal readonly unsafe partial struct Q6_K : ISuperBlock
{
    private const int Top = 128;
    private const int GroupScales = 192;

    public static int Bytes => 210;

    public static int Scale => 208;

    public static int Group => 16;

    public static int Run => 2;

    public static int ZeroShift => 5;

    public static int NibblesAt => 0;

    public static bool HasMinimums => false;

    public static int Weight(byte* block, int column)
    {
        int half = column / 128, place = column % 128;
        int nibble = block[64 * half + place % 64] >> place / 64 * 4 & 15;
        int top = block[Top + 32 * half + place % 32] >> place / 32 * 2 & 3;
        return (nibble | top << 4) - (1 << ZeroShift);
    }

    public static int GroupScale(byte* block, int group) => (sbyte)block[GroupScales + group];

    public static int GroupMinimum(byte* block, int group) => 0;
}
