namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>
/// Eight rows of one super-block of 256 columns:
/// <code>
/// byte  q[8][256]
/// short scale[8][16][2]  of each group, twice; 8 groups of 32 or 16 of 16
/// short offset[8][16]    minimums, or −zero point · scale, of the groups
/// float step[8]          what the scales are multiples of
/// float minimumStep[8]   what the minimums are multiples of
/// </code>
/// </summary>
internal static class SuperWeights
{
    /// <summary>Bytes of a row's columns.</summary>
    public const int RowBytes = 256;

    /// <summary>Where the scales start.</summary>
    public const int Scale = Panels.Rows * RowBytes;

    /// <summary>Bytes of a row's scales.</summary>
    public const int RowScales = 64;

    /// <summary>Where the offsets start.</summary>
    public const int Offset = Scale + Panels.Rows * RowScales;

    /// <summary>Bytes of a row's offsets.</summary>
    public const int RowOffsets = 32;

    /// <summary>Where the floats start.</summary>
    public const int Step = Offset + Panels.Rows * RowOffsets;

    /// <summary>Bytes of all.</summary>
    public const int Bytes = Step + 2 * Panels.Rows * sizeof(float);
}
