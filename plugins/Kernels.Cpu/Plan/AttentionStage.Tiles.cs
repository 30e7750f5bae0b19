using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

// Some tiles for any number of queries, as many at once as there is a kernel for.
internal sealed unsafe partial class AttentionStage
{
    // Tiles that are read together: a stretch of them.
    private const int MostTiles = AttentionTile.Stretch / AttentionTile.Entries;

    /// <summary>The tiles from one on that are read together, and those to ask for meanwhile.</summary>
    /// <param name="reader">What is read.</param>
    /// <param name="at">The first tile's entry; on return the one of the tile behind the last.</param>
    /// <param name="last">The last entry that is wanted.</param>
    /// <param name="offset">From a tile to what is read of it.</param>
    /// <param name="tiles">Room for <see cref="MostTiles"/> and <see cref="AttentionTile.Ahead"/>; those ahead are left to the caller.</param>
    /// <returns>The number of tiles. All but the last are full.</returns>
    private int Gather(in RunReader reader, ref int at, int last, long offset, byte** tiles)
    {
        int count = 0, entries;
        do
        {
            tiles[count++] = Tile(reader.Table, at, reader.KeyHead) + offset;
            at += entries = TileEntries(at);
        }
        while (entries == AttentionTile.Entries && at <= last && count < reader.Together);
        return count;
    }

    private void Score(in RunReader reader, int queries, float* query, byte** tiles, int count, float* scores)
    {
        AttentionKernels kernels = reader.Kernels;
        int stride = _shape.QueryStride;
        for (int heads; queries > 0; queries -= heads, query += heads * stride, scores += heads * AttentionTile.ScoreStride)
            kernels.Score(heads = Math.Min(kernels.MostHeads, queries), query, stride, tiles, count, _shape.KeyLength, scores);
    }

    // From and to entries of these tiles.
    private void Accumulate(in RunReader reader, int queries, float* weights, byte** tiles, int from, int to, float* outputs)
    {
        AttentionKernels kernels = reader.Kernels;
        int length = _shape.OutputStride, tile = from / AttentionTile.Entries, last = to / AttentionTile.Entries;
        (int count, int first, int end) = (last - tile + 1, from % AttentionTile.Entries, to % AttentionTile.Entries + 1);
        weights += tile * AttentionTile.Entries;
        for (int heads; queries > 0; queries -= heads, weights += heads * AttentionTile.ScoreStride, outputs += heads * length)
            kernels.Accumulate(heads = Math.Min(kernels.MostHeads, queries), weights, tiles + tile, count, first, end, outputs, length, length);
    }

    // Asks for what is behind tiles of floats, and widens those.
    private void WidenKeys(in RunReader reader, byte** tiles, int count, byte* scratch)
    {
        for (int i = 0; i < count; i++)
        {
            Fetch(tiles[i], tiles[i + AttentionTile.Ahead]);
            tiles[i] = (byte*)CacheEntries.Keys(_layout, tiles[i], _shape.KeyTile(scratch) + i * _shape.KeyLength * AttentionTile.Entries, reader.IsFinite, _halves);
        }
    }

    // The same of values; the last tile may hold fewer entries.
    private void WidenValues(in RunReader reader, byte** tiles, int count, int entries, byte* scratch)
    {
        for (int i = 0; i < count; i++, entries -= AttentionTile.Entries)
        {
            Fetch(tiles[i], tiles[i + AttentionTile.Ahead]);
            tiles[i] = (byte*)CacheEntries.Values(_layout, tiles[i] - _valueOffset, Math.Min(AttentionTile.Entries, entries), _shape.ValueTile(scratch) + i * _shape.OutputStride * AttentionTile.Entries, reader.IsFinite, _halves);
        }
    }
}
