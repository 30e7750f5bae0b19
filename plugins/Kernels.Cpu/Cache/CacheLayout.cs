using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Cache;

/// <summary>
/// Where one cache's entries stand in a block of its group. For each key head, tile after tile of 16 entries: keys [element][entry], so that 16 scores
/// are computed side by side, then values [entry][element], with rows padded to a multiple of 8 elements. Bytes have their scales behind them, as half precision: the
/// keys' [group][entry], then the values' [entry][group].
/// </summary>
/// <param name="Spec">The cache.</param>
/// <param name="Offset">The cache's first byte in a block.</param>
/// <param name="Tiles">Tiles in a block.</param>
/// <param name="Type">How elements are stored.</param>
internal sealed record CacheLayout(CacheSpec Spec, long Offset, int Tiles, KvType Type)
{
    /// <summary>The type as <c>kv.type</c> calls it.</summary>
    public string TypeName => Type == KvType.Q8 ? "q8_0" : Type.ToString().ToLowerInvariant();

    /// <summary>Bytes of an element, without its part of a scale.</summary>
    public int ElementBytes => Type switch
    {
        KvType.F32 => sizeof(float),
        KvType.F16 or KvType.BF16 => sizeof(ushort),
        KvType.Q8 => sizeof(sbyte),
        _ => throw new UnsupportedModelException($"cpu: a KV cache of type {Type} is not available; there are f16, bf16, q8_0, f32"),
    };

    /// <summary>Elements of a value row, padding included.</summary>
    public int ValueStride { get; } = (Spec.ValueLength + 7) & ~7;

    /// <summary>Scales of a key.</summary>
    public int KeyGroups => Type == KvType.Q8 ? ByteEntries.Groups(Spec.KeyLength) : 0;

    /// <summary>Scales of a value.</summary>
    public int ValueGroups => Type == KvType.Q8 ? ByteEntries.Groups(Spec.ValueLength) : 0;

    /// <summary>Bytes from a tile's keys to their scales.</summary>
    public long KeyScaleOffset => (long)Spec.KeyLength * AttentionTile.Entries * ElementBytes;

    /// <summary>Bytes from a tile's keys to its values.</summary>
    public long ValueOffset => KeyScaleOffset + KeyGroups * AttentionTile.Entries * sizeof(ushort);

    /// <summary>Bytes from a tile's keys to its values' scales.</summary>
    public long ValueScaleOffset => ValueOffset + (long)ValueStride * AttentionTile.Entries * ElementBytes;

    /// <summary>Bytes of a tile: keys and values of 16 entries of one head.</summary>
    public long TileBytes => ValueScaleOffset + ValueGroups * AttentionTile.Entries * sizeof(ushort);

    /// <summary>Bytes of a head in a block.</summary>
    public long HeadBytes => TileBytes * Tiles;

    /// <summary>Bytes of the cache in a block.</summary>
    public long Bytes => HeadBytes * Spec.Heads;
}
