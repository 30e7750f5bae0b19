using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Plan;

internal sealed unsafe partial class AttentionStage
{
    // Entries that are asked for before they are read: blocks lie anywhere, and the processor cannot guess the next.
    private const int Ahead = 2 * AttentionTile.Entries;

    /// <summary>A task: the softmax of a run's rows over all that they see, span by span.</summary>
    private void Attend(Lane lane, Step step, int run, int head)
    {
        int firstRow = step.RunStart[run], rows = step.RunStart[run + 1] - firstRow, group = _shape.Group;
        byte* scratch = lane.Attention;
        for (int row = 0; row < rows; row++)
            Load(firstRow + row, head, row * group, scratch, _sinks);
        int* indices = step.Batch.CacheIndices + firstRow;
        int first = FirstVisible(indices[0]), last = LastVisible(indices[rows - 1], SequenceRows(step, run));
        Walk(step, run, head, first, Math.Min(last, SpanEnd(first)), scratch);
        for (int entry = SpanEnd(first) + 1; entry <= last; entry += SpanEntries)
        {
            Empty(rows * group, scratch);
            Walk(step, run, head, entry, Math.Min(last, SpanEnd(entry)), scratch);
            for (int q = 0; q < rows * group; q++)
                Merge(q, scratch, AttentionShape.States(scratch) + _shape.Later + q, _shape.Outputs(scratch) + (long)(_shape.Later + q) * _shape.OutputStride);
        }
        for (int row = 0; row < rows; row++)
            Finish(firstRow + row, head, row * group, scratch);
    }

    /// <summary>Takes the entries from <paramref name="first"/> to <paramref name="end"/>, of one span, into the rows' softmaxes: those of rows that saw an earlier span into the later ones.</summary>
    private void Walk(Step step, int run, int head, int first, int end, byte* scratch)
    {
        int firstRow = step.RunStart[run], rows = step.RunStart[run + 1] - firstRow;
        AttentionShape shape = _shape;
        int* table = Table(step, step.Batch.Slots[firstRow]);
        int* indices = step.Batch.CacheIndices + firstRow;
        int sequence = SequenceRows(step, run), last = LastVisible(indices[rows - 1], sequence);
        // For one row a tile is widened as it is read; several rows share one that is widened before.
        bool finite = _layout.Type == KvType.F16 && !_blocks.HasNotFinite, direct = _wide && rows == 1 && finite;
        for (int entry = first; entry <= end;)
        {
            // The tile that holds the entry: from its first entry to the next tile's or block's.
            int inBlock = entry % _blockTokens;
            int start = entry - inBlock % AttentionTile.Entries;
            int entries = Math.Min(AttentionTile.Entries, _blockTokens - (inBlock - inBlock % AttentionTile.Entries));
            byte* tile = Tile(table, start, head / shape.Parts);
            if (direct && start + Ahead <= last)
                Fetch(Tile(table, start + Ahead, head / shape.Parts));
            float* keys = direct ? null : CacheEntries.Keys(_layout, tile, shape.KeyTile(scratch), finite, _halves);
            float* values = direct ? null : CacheEntries.Values(_layout, tile, Math.Min(entries, last - start + 1), shape.ValueTile(scratch), finite, _halves);
            for (int row = 0; row < rows; row++)
            {
                int from = Math.Max(0, FirstVisible(indices[row]) - start);
                int to = Math.Min(entries, LastVisible(indices[row], sequence) - start + 1);
                if (from >= to)
                    continue;
                int query = row * shape.Group, sums = query + (SpanEnd(FirstVisible(indices[row])) < start ? shape.Later : 0);
                if (direct)
                    StepWide<FiniteF16>(query, sums, scratch, tile, tile + _layout.ValueOffset, from, to);
                else if (_wide)
                    StepWide<F32>(query, sums, scratch, (byte*)keys, (byte*)values, from, to);
                else
                    Step(query, sums, scratch, keys, values, from, to);
            }
            entry = start + entries;
        }
    }

    /// <summary>Makes a row's queries and begins their softmaxes. A sink is there before all entries: its weight is e^0 of itself, and its value nothing.</summary>
    private void Load(int row, int head, int query, byte* scratch, float* sinks)
    {
        AttentionShape shape = _shape;
        for (int g = 0; g < shape.Group; g++, query++)
        {
            int queryHead = head * shape.Group + g;
            _query.Make(row, queryHead, shape.KeyLength, _scale, shape.Head(scratch), shape.Queries(scratch) + (long)query * shape.QueryStride);
            float sink = sinks == null ? float.NegativeInfinity : sinks[queryHead];
            AttentionShape.States(scratch)[query] = new AttentionState { Largest = sink, Sum = sink == float.NegativeInfinity ? 0 : 1 };
            new Span<float>(shape.Outputs(scratch) + (long)query * shape.OutputStride, shape.OutputStride).Clear();
        }
    }

    private void Step(int query, int sums, byte* scratch, float* keys, float* values, int from, int to)
    {
        AttentionShape shape = _shape;
        float* queries = shape.Queries(scratch), outputs = shape.Outputs(scratch), scores = shape.Scores(scratch);
        AttentionState* states = AttentionShape.States(scratch);
        for (int g = 0; g < shape.Group; g += 2, query += 2, sums += 2)
        {
            float* q = queries + (long)query * shape.QueryStride;
            int count = Math.Min(2, shape.Group - g);
            if (count == 2)
                AttentionTile.ScorePair(q, shape.QueryStride, keys, shape.KeyLength, scores);
            else
                AttentionTile.Score(q, keys, shape.KeyLength, scores);
            if (_cap != 0)
                SoftCap.Run(scores, count * AttentionTile.Entries, _cap, _exact);
            for (int i = 0; i < count; i++)
            {
                float* weights = scores + i * AttentionTile.Entries;
                float* output = outputs + (long)(sums + i) * shape.OutputStride;
                AttentionTile.Weigh(weights, from, to, _exact, states + sums + i, output, shape.OutputStride);
                AttentionTile.Accumulate(weights, values, from, to, output, shape.OutputStride);
            }
        }
    }

    private void Finish(int row, int head, int query, byte* scratch)
    {
        AttentionShape shape = _shape;
        for (int g = 0; g < shape.Group; g++)
            AttentionTile.Finish(AttentionShape.States(scratch) + query + g, shape.Outputs(scratch) + (long)(query + g) * shape.OutputStride,
                _output.Row(row) + (head * shape.Group + g) * shape.ValueLength, shape.ValueLength);
    }

    private void Fetch(byte* tile)
    {
        for (long line = 0; Sse.IsSupported && line < _layout.TileBytes; line += 64)
            Sse.Prefetch0(tile + line);
    }

    // Rows of a run's sequence in the step; asked for where there is no cache alone.
    private int SequenceRows(Step step, int run) => _paged ? 0 : step.SequenceStart[step.RunSequence[run] + 1] - step.SequenceStart[step.RunSequence[run]];
}
