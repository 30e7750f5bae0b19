using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Plan;

// The walk over the cache of rows that stand by features.
internal sealed unsafe partial class AttentionStage
{
    /// <summary>Takes the entries from <paramref name="first"/> to <paramref name="end"/>, of one span, into the heads' softmaxes.</summary>
    private void WalkPanel<TSimd, TInt, TFloat>(in RunReader reader, int first, int end, int heads, PanelState* states, float* outputs, byte* scratch)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        for (int entry = first, last; entry <= end; entry = last + 1)
        {
            last = Math.Min(end, entry | (AttentionTile.Stretch - 1));
            ScorePanel<TSimd, TInt, TFloat>(reader, entry, last, heads, scratch);
            for (int i = 0; i < heads; i++)
            {
                float* scores = _panel.Scores(scratch) + i * PanelShape.ScoreFloats;
                if (_cap != 0)
                    SoftCap.Run(scores, (last - entry + 1) * TSimd.Width, _cap, _exact);
                AttentionPanel<TSimd, TInt, TFloat>.Weigh(_panel.Rows(scratch), scores, entry, last, _exact, states + i, outputs + i * _panel.OutputFloats, _shape.OutputStride);
            }
            AccumulatePanel<TSimd, TInt, TFloat>(reader, entry, last, heads, outputs, scratch);
        }
    }

    private void ScorePanel<TSimd, TInt, TFloat>(in RunReader reader, int first, int last, int heads, byte* scratch)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        for (int at = TileStart(first), entries; at <= last; at += entries)
        {
            entries = TileEntries(at);
            byte* tile = Tile(reader.Table, at, reader.KeyHead);
            int next = at + Ahead, begin = Math.Max(at, first), stop = Math.Min(last, at + entries - 1);
            Fetch(tile, next <= last ? Tile(reader.Table, next, reader.KeyHead) : tile);
            float* keys = CacheEntries.Keys(_layout, tile, _shape.KeyTile(scratch), reader.IsFinite, _halves) + (begin - at);
            for (int i = 0; i < heads; i += AttentionPanel<TSimd, TInt, TFloat>.Together)
                AttentionPanel<TSimd, TInt, TFloat>.Score(
                    Math.Min(AttentionPanel<TSimd, TInt, TFloat>.Together, heads - i), _panel.Queries(scratch) + i * _panel.QueryFloats, _panel.QueryFloats, keys, stop - begin + 1, _shape.KeyLength,
                    _panel.Scores(scratch) + i * PanelShape.ScoreFloats + (begin - first) * TSimd.Width, PanelShape.ScoreFloats);
        }
    }

    private void AccumulatePanel<TSimd, TInt, TFloat>(in RunReader reader, int first, int last, int heads, float* outputs, byte* scratch)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        PanelRows* rows = _panel.Rows(scratch);
        for (int at = TileStart(first), entries; at <= last; at += entries)
        {
            entries = TileEntries(at);
            byte* tile = Tile(reader.Table, at, reader.KeyHead), values = tile + _valueOffset;
            int next = at + Ahead, begin = Math.Max(at, first), stop = Math.Min(last, at + entries - 1);
            Fetch(values, next <= reader.Last ? Tile(reader.Table, next, reader.KeyHead) + (next <= last ? _valueOffset : 0) : values);
            float* floats = CacheEntries.Values(_layout, tile, Math.Min(entries, reader.Last - at + 1), _shape.ValueTile(scratch), reader.IsFinite, _halves) + (begin - at) * _shape.OutputStride;
            PanelRows* seen = rows->AllSee(begin) && rows->AllSee(stop) ? null : rows;
            for (int i = 0; i < heads; i += AttentionPanel<TSimd, TInt, TFloat>.Together)
                AttentionPanel<TSimd, TInt, TFloat>.Accumulate(
                    Math.Min(AttentionPanel<TSimd, TInt, TFloat>.Together, heads - i), _panel.Scores(scratch) + i * PanelShape.ScoreFloats + (begin - first) * TSimd.Width, PanelShape.ScoreFloats, floats, _shape.OutputStride,
                    stop - begin + 1, outputs + i * _panel.OutputFloats, _panel.OutputFloats, seen, begin);
        }
    }
}
