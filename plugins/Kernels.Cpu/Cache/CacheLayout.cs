using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache;

/// <summary>
/// Where one cache's entries stand in a block of its group. For each key head, tile after tile of 16 entries: keys [element][entry], so that 16 scores
/// are computed side by side, then values [entry][element], with rows padded to a multiple of 8 elements.
/// </summary>
/// <param name="Spec">The cache.</param>
/// <param name="Offset">The cache's first byte in a block.</param>
/// <param name="Tiles">Tiles in a block.</param>
/// <param name="Half">True for half precision, false for float32.</param>
internal sealed record CacheLayout(CacheSpec Spec, long Offset, int Tiles, bool Half)
{
    /// <summary>Bytes of an element.</summary>
    public int ElementBytes => Half ? sizeof(ushort) : sizeof(float);

    /// <summary>Elements of a value row, padding included.</summary>
    public int ValueStride { get; } = (Spec.ValueLength + 7) & ~7;

    /// <summary>Bytes from a tile's keys to its values.</summary>
    public long ValueOffset => (long)Spec.KeyLength * AttentionTile.Entries * ElementBytes;

    /// <summary>Bytes of a tile: keys and values of 16 entries of one head.</summary>
    public long TileBytes => ((long)Spec.KeyLength + ValueStride) * AttentionTile.Entries * ElementBytes;

    /// <summary>Bytes of a head in a block.</summary>
    public long HeadBytes => TileBytes * Tiles;

    /// <summary>Bytes of the cache in a block.</summary>
    public long Bytes => HeadBytes * Spec.Heads;
}
