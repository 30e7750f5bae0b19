namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>
/// What weights and activations look like for a tile: the weights of eight rows as unsigned bytes, row after row within a block of columns; activation rows
/// interleaved by four columns, so that a vector holds the same four columns of all of them. Blocks follow each other lane by lane of the order in which their sums are added.
/// </summary>
internal static class Panels
{
    /// <summary>Weight rows of a tile.</summary>
    public const int Rows = 8;

    /// <summary>The place of a block among all, when those of lane 0 come first, then those of lane 1, and so on.</summary>
    public static int Place(int block, int blocks, int lanes)
    {
        (int turn, int lane) = Math.DivRem(block, lanes);
        return lane * (blocks / lanes) + Math.Min(lane, blocks % lanes) + turn;
    }
}
