namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>A type with super-blocks, for <see cref="SuperTile"/>; a type argument, so that the calls vanish.</summary>
internal unsafe interface ISuperTileType
{
    /// <summary>Bytes of a block.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>Products of four columns whose sum 16 bits can hold: 8 for values up to 15, 4 up to 31, 2 up to 63.</summary>
    static abstract int Run { get; }

    /// <summary>Fours of columns that share a scale: 8 or 4.</summary>
    static abstract int Group { get; }

    /// <summary>True where offsets are minimums with a scale of their own; else they are −zero point · scale.</summary>
    static abstract bool HasMinimums { get; }

    /// <summary>Writes one row of a block.</summary>
    /// <param name="block">The file's bytes.</param>
    /// <param name="q">256 unsigned values.</param>
    /// <param name="scales">32 shorts: each scale twice.</param>
    /// <param name="offsets">Up to 16 shorts.</param>
    /// <param name="step">What the scales are multiples of.</param>
    /// <param name="minimumStep">What the minimums are multiples of.</param>
    static abstract void Unpack(byte* block, byte* q, byte* scales, byte* offsets, out float step, out float minimumStep);
}
