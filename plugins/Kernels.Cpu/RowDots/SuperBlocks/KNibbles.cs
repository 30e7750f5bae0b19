namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>The low four bits of the weights of Q4_K and Q5_K: each 32 bytes are 64 weights, the low nibbles first.</summary>
internal static unsafe partial class KNibbles
{
    /// <summary>Of one weight.</summary>
    public static int One(byte* nibbles, int column) => nibbles[column / 64 * 32 + column % 32] >> column / 32 % 2 * 4 & 15;
}
