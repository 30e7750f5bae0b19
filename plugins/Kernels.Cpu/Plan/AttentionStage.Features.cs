using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Plan;

// Values that stand by features: keys go into the cache as they stand, queries meet it as they stand, and what attention gives stands so too. Values are turned, as the cache has them by entries.
internal sealed unsafe partial class AttentionStage
{
    /// <summary>Caches what a panel's rows have of a head.</summary>
    private void WritePanel(Lane lane, Step step, FeatureMajor features, int panel, int head)
    {
        Batch batch = step.Batch;
        byte* scratch = lane.Attention;
        int width = features.WidthOf(panel), count = features.Count(panel), origin = panel * features.Width, keyLength = _shape.KeyLength;
        float* keys = _panel.Queries(scratch), values = _panel.Outputs(scratch);
        _key.MakePanel(panel, features, 0, width, head, keyLength, 1, _panel.Head(scratch), keys);
        Interleave.Rows(_value.Panel(panel, features) + (long)head * _shape.ValueLength * width, width, _shape.ValueLength, values, _shape.OutputStride, width);
        byte* rounded = KeyPanel.Round(_layout.Type, keys, keyLength, width, (ushort*)(keys + _panel.QueryFloats));
        bool finite = true;
        for (int row = 0, next; row < count; row = next)
        {
            int index = batch.CacheIndices[origin + row], slot = batch.Slots[origin + row], entry = index % _blockTokens % AttentionTile.Entries;
            byte* tile = Tile(Table(step, slot), index, head);
            // Entries side by side.
            for (next = row + 1; next < count && entry + next - row < TileEntries(index) && batch.Slots[origin + next] == slot && batch.CacheIndices[origin + next] == index + next - row;)
                next++;
            finite &= KeyPanel.Write(_layout, tile, entry, rounded, row, width, next - row);
            for (int i = row; i < next; i++)
                finite &= CacheEntries.WriteValue(_layout, tile, entry + i - row, values + (long)i * _shape.OutputStride);
        }
        if (!finite)
            _blocks.HasNotFinite = true;
    }

    /// <summary>A task: a run's rows, as many at once as a vector has lanes; where they would fill few of them, or begin in different spans, row by row.</summary>
    private void AttendByFeatures(Lane lane, Step step, int run, int head, FeatureMajor features)
    {
        int end = step.RunStart[run + 1], panel = step.RunStart[run] / features.Width, origin = panel * features.Width;
        int lanes = _wide && features.WidthOf(panel) == PanelRows.Most ? PanelRows.Most : PanelRows.Most / 2;
        int* indices = step.Batch.CacheIndices;
        for (int row = step.RunStart[run], next; row < end; row = next)
        {
            int first = (row - origin) / lanes * lanes;
            next = Math.Min(end, origin + first + lanes);
            if (4 * (next - row) < 3 * lanes || SpanEnd(FirstVisible(indices[row])) != SpanEnd(FirstVisible(indices[next - 1])))
                Attend(lane, step, run, row, next, head);
            else if (lanes == PanelRows.Most)
                AttendPanel<Simd512, Vector512<int>, Vector512<float>>(lane.Attention, Reader(step, run, row, next - row, head), head, features, panel, row - origin);
            else
                AttendPanel<Simd256, Vector256<int>, Vector256<float>>(lane.Attention, Reader(step, run, row, next - row, head), head, features, panel, row - origin);
        }
    }

    private void AttendPanel<TSimd, TInt, TFloat>(byte* scratch, in RunReader reader, int head, FeatureMajor features, int panel, int row)
        where TSimd : struct, ISimd<TInt, TFloat>
        where TInt : struct
        where TFloat : struct
    {
        int first = row % TSimd.Width, width = features.WidthOf(panel), group = _shape.Group, start = FirstVisible(reader.Indices[0]);
        PanelRows* rows = _panel.Rows(scratch);
        See(reader, first, rows);
        for (int done = 0, heads; done < group; done += heads)
        {
            heads = Math.Min(PanelShape.MostHeads, group - done);
            PanelState* states = _panel.States(scratch), later = states + PanelShape.MostHeads;
            float* outputs = _panel.Outputs(scratch), laterOutputs = outputs + PanelShape.MostHeads * _panel.OutputFloats;
            int queryHead = head * group + done;
            Empty(states, outputs, heads);
            for (int i = 0; i < heads; i++)
            {
                _query.MakePanel(panel, features, row - first, TSimd.Width, queryHead + i, _shape.KeyLength, _scale, _panel.Head(scratch), _panel.Queries(scratch) + i * _panel.QueryFloats);
                // A sink is there before all entries, as for rows.
                if (_sinks != null && _sinks[queryHead + i] != float.NegativeInfinity)
                    for (int lane = 0; lane < TSimd.Width; lane++)
                        (states[i].Largest[lane], states[i].Sum[lane]) = (_sinks[queryHead + i], 1);
            }
            WalkPanel<TSimd, TInt, TFloat>(reader, start, Math.Min(reader.Last, SpanEnd(start)), heads, states, outputs, scratch);
            for (int entry = SpanEnd(start) + 1; entry <= reader.Last; entry += SpanEntries)
            {
                Empty(later, laterOutputs, heads);
                WalkPanel<TSimd, TInt, TFloat>(reader, entry, Math.Min(reader.Last, SpanEnd(entry)), heads, later, laterOutputs, scratch);
                for (int i = 0; i < heads; i++)
                    AttentionPanel<TSimd, TInt, TFloat>.Merge(states + i, outputs + i * _panel.OutputFloats, later + i, laterOutputs + i * _panel.OutputFloats, _shape.OutputStride);
            }
            float* result = _output.Panel(panel, features) + (long)queryHead * _shape.ValueLength * width + row - first;
            for (int i = 0; i < heads; i++)
                AttentionPanel<TSimd, TInt, TFloat>.Finish(rows, states + i, outputs + i * _panel.OutputFloats, result + (long)i * _shape.ValueLength * width, width, _shape.ValueLength);
        }
    }

    private void See(in RunReader reader, int first, PanelRows* rows)
    {
        *rows = new PanelRows { First = first, Count = reader.Rows };
        for (int i = 0; i < reader.Rows; i++)
            (rows->From[first + i], rows->End[first + i]) = (FirstVisible(reader.Indices[i]), LastVisible(reader.Indices[i], reader.Sequence) + 1);
        (rows->AllFrom, rows->AllEnd) = (rows->From[first + reader.Rows - 1], rows->End[first]);
    }

    private void Empty(PanelState* states, float* outputs, int heads)
    {
        PanelState none = default;
        new Span<float>(none.Largest, PanelRows.Most).Fill(float.NegativeInfinity);
        new Span<PanelState>(states, heads).Fill(none);
        new Span<float>(outputs, checked((int)(heads * _panel.OutputFloats))).Clear();
    }
}
