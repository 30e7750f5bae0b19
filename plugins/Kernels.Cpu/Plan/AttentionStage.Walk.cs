using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

internal sealed unsafe partial class AttentionStage
{
    // Entries that are asked for before they are read.
    private const int Ahead = AttentionTile.Ahead * AttentionTile.Entries;

    /// <summary>A task: the softmax of rows of a run over all that they see, span by span.</summary>
    private void Attend(Lane lane, Step step, int run, int firstRow, int end, int head)
    {
        for (; firstRow < end - _runRows; firstRow += _runRows)
            AttendFew(lane, step, run, firstRow, _runRows, head);
        AttendFew(lane, step, run, firstRow, end - firstRow, head);
    }

    private void AttendFew(Lane lane, Step step, int run, int firstRow, int rows, int head)
    {
        int group = _shape.Group;
        byte* scratch = lane.Attention;
        for (int row = 0; row < rows; row++)
            Load(firstRow + row, head, row * group, scratch);
        RunReader reader = Reader(step, run, firstRow, rows, head);
        int first = FirstVisible(reader.Indices[0]);
        Walk(reader, first, Math.Min(reader.Last, SpanEnd(first)), scratch);
        for (int entry = SpanEnd(first) + 1; entry <= reader.Last; entry += SpanEntries)
        {
            Empty(rows * group, scratch);
            Walk(reader, entry, Math.Min(reader.Last, SpanEnd(entry)), scratch);
            for (int q = 0; q < rows * group; q++)
                Merge(q, scratch, AttentionShape.States(scratch) + _shape.Later + q, _shape.Outputs(scratch) + (long)(_shape.Later + q) * _shape.OutputStride);
        }
        for (int row = 0; row < rows; row++)
            Finish(firstRow + row, head, row * group, scratch);
    }

    private RunReader Reader(Step step, int run, int firstRow, int rows, int head)
    {
        int sequence = SequenceRows(step, run);
        int* indices = step.Batch.CacheIndices + firstRow;
        // Few queries read tiles as they are; more share one that is widened before.
        bool direct = _wide && rows * _shape.Group <= AttentionTile512.MaxHeads && (_layout.Type is KvType.F16 or KvType.BF16);
        bool finite = _layout.Type == KvType.F16 && !_blocks.HasNotFinite;
        return new RunReader
        {
            Table = Table(step, step.Batch.Slots[firstRow]),
            KeyHead = head / _shape.Parts,
            Indices = indices,
            Rows = rows,
            Sequence = sequence,
            Last = LastVisible(indices[rows - 1], sequence),
            IsFinite = finite,
            IsDirect = direct,
            Kernels = !direct ? _floats : finite ? _finite : _stored,
            Together = direct ? MostTiles : AttentionShape.WidenedTiles,
        };
    }

    /// <summary>Takes the entries from <paramref name="first"/> to <paramref name="end"/>, of one span, into the rows' softmaxes: those of rows that saw an earlier span into the later ones.</summary>
    private void Walk(in RunReader reader, int first, int end, byte* scratch)
    {
        for (int entry = first; entry <= end;)
        {
            int last = Math.Min(end, entry | (AttentionTile.Stretch - 1));
            Score(reader, entry, last, scratch);
            Weigh(reader, entry, last, scratch);
            Accumulate(reader, entry, last, scratch);
            entry = last + 1;
        }
    }

    // All rows' scores, also of entries that some do not see.
    private void Score(in RunReader reader, int first, int last, byte* scratch)
    {
        AttentionShape shape = _shape;
        int start = first & -AttentionTile.Stretch, begin = TileStart(first), end = TileStart(last) + TileEntries(last);
        byte** tiles = stackalloc byte*[MostTiles + AttentionTile.Ahead];
        for (int at = begin, next = begin; at <= last; at = next)
        {
            int count = Gather(reader, ref next, last, 0, tiles);
            for (int i = 0, entry = at + count * AttentionTile.Entries; i < AttentionTile.Ahead; i++, entry += AttentionTile.Entries)
                tiles[count + i] = entry <= last ? Tile(reader.Table, entry, reader.KeyHead)
                    : entry + begin - end <= last ? Tile(reader.Table, Math.Max(first, entry + begin - end), reader.KeyHead) + _valueOffset
                    : tiles[count - 1];
            if (!reader.IsDirect)
                WidenKeys(reader, tiles, count, scratch);
            Score(reader, reader.Rows * shape.Group, shape.Queries(scratch), tiles, count, shape.Scores(scratch) + (at - start));
        }
    }

    private void Weigh(in RunReader reader, int first, int last, byte* scratch)
    {
        AttentionShape shape = _shape;
        int start = first & -AttentionTile.Stretch;
        for (int row = 0; row < reader.Rows; row++)
        {
            (int from, int to) = Seen(reader, row, first, last);
            int query = row * shape.Group, sums = query + Later(reader, row, first);
            for (int g = 0; g < shape.Group && from <= to; g++, query++, sums++)
            {
                float* scores = shape.Scores(scratch) + (long)query * AttentionTile.ScoreStride;
                float* output = shape.Outputs(scratch) + (long)sums * shape.OutputStride;
                AttentionState* state = AttentionShape.States(scratch) + sums;
                if (_cap != 0)
                    SoftCap.Run(scores + (from - start), to - from + 1, _cap, _exact);
                if (_wide && !_exact)
                    AttentionTile512.Weigh(scores, from - start, to - start + 1, state, output, shape.OutputStride);
                else
                    AttentionTile.Weigh(scores, from - start, to - start + 1, _exact, state, output, shape.OutputStride);
            }
        }
    }

    private void Accumulate(in RunReader reader, int first, int last, byte* scratch)
    {
        AttentionShape shape = _shape;
        int start = first & -AttentionTile.Stretch, group = shape.Group, rows = reader.Rows;
        int later = Later(reader, 0, first);
        byte** tiles = stackalloc byte*[MostTiles + AttentionTile.Ahead];
        for (int at = TileStart(first), next = at; at <= last; at = next)
        {
            int count = Gather(reader, ref next, last, _valueOffset, tiles);
            for (int i = 0, entry = at + count * AttentionTile.Entries; i < AttentionTile.Ahead; i++, entry += AttentionTile.Entries)
                tiles[count + i] = entry <= reader.Last ? Tile(reader.Table, entry, reader.KeyHead) + (entry <= last ? _valueOffset : 0) : tiles[count - 1];
            if (!reader.IsDirect)
                WidenValues(reader, tiles, count, Math.Min(next, reader.Last + 1) - at, scratch);
            float* weights = shape.Scores(scratch) + (at - start);
            int begin = Math.Max(first, at), end = Math.Min(last, next - 1);
            if (Seen(reader, 0, begin, end) == (begin, end) && Seen(reader, rows - 1, begin, end) == (begin, end) && Later(reader, rows - 1, first) == later)
            {
                Accumulate(reader, rows * group, weights, tiles, begin - at, end - at, shape.Outputs(scratch) + (long)later * shape.OutputStride);
                continue;
            }
            for (int row = 0; row < rows; row++)
            {
                (int from, int to) = Seen(reader, row, begin, end);
                int query = row * group;
                if (from <= to)
                    Accumulate(reader, group, weights + (long)query * AttentionTile.ScoreStride, tiles, from - at, to - at, shape.Outputs(scratch) + (long)(query + Later(reader, row, first)) * shape.OutputStride);
            }
        }
    }

    /// <summary>Makes a row's queries and begins their softmaxes. A sink is there before all entries: its weight is e^0 of itself, and its value nothing.</summary>
    private void Load(int row, int head, int query, byte* scratch)
    {
        AttentionShape shape = _shape;
        for (int g = 0; g < shape.Group; g++, query++)
        {
            int queryHead = head * shape.Group + g;
            _query.Make(row, queryHead, shape.KeyLength, _scale, shape.Head(scratch), shape.Queries(scratch) + (long)query * shape.QueryStride);
            float sink = _sinks == null ? float.NegativeInfinity : _sinks[queryHead];
            AttentionShape.States(scratch)[query] = new AttentionState { Largest = sink, Sum = sink == float.NegativeInfinity ? 0 : 1 };
            new Span<float>(shape.Outputs(scratch) + (long)query * shape.OutputStride, shape.OutputStride).Clear();
        }
    }

    private void Finish(int row, int head, int query, byte* scratch)
    {
        AttentionShape shape = _shape;
        for (int g = 0; g < shape.Group; g++)
        {
            float* result = _output.Lane(row, (head * shape.Group + g) * shape.ValueLength, out int stride);
            AttentionTile.Finish(AttentionShape.States(scratch) + query + g, shape.Outputs(scratch) + (long)(query + g) * shape.OutputStride, result, stride, shape.ValueLength);
        }
    }

    // The half of a tile that is ahead of one, where there is another.
    private void Fetch(byte* half, byte* ahead)
    {
        long bytes = Math.Min(_valueOffset, _tileBytes - _valueOffset);
        for (long line = 0; Sse.IsSupported && ahead != half && line < bytes; line += 64)
            Sse.Prefetch0(ahead + line);
    }

    // Of these entries those that a row sees.
    private (int From, int To) Seen(in RunReader reader, int row, int first, int last) =>
        (Math.Max(first, FirstVisible(reader.Indices[row])), Math.Min(last, LastVisible(reader.Indices[row], reader.Sequence)));

    // From a row's softmax to the one that takes an entry.
    private int Later(in RunReader reader, int row, int entry) => SpanEnd(FirstVisible(reader.Indices[row])) < entry ? _shape.Later : 0;

    private int TileStart(int entry) => entry - entry % _blockTokens % AttentionTile.Entries;

    // To the next tile or block.
    private int TileEntries(int entry)
    {
        int inBlock = entry % _blockTokens;
        return Math.Min(AttentionTile.Entries, _blockTokens - (inBlock - inBlock % AttentionTile.Entries));
    }

    // Rows of a run's sequence in the step; asked for where there is no cache alone.
    private int SequenceRows(Step step, int run) => _paged ? 0 : step.SequenceStart[step.RunSequence[run] + 1] - step.SequenceStart[step.RunSequence[run]];

    /// <summary>What the rows of a run read for a head.</summary>
    private readonly struct RunReader
    {
        public required int* Table { get; init; }
        public required int KeyHead { get; init; }
        public required int* Indices { get; init; }
        public required int Rows { get; init; }
        public required int Sequence { get; init; }
        public required int Last { get; init; }
        public required bool IsFinite { get; init; }
        public required bool IsDirect { get; init; }
        public required AttentionKernels Kernels { get; init; }
        public required int Together { get; init; }
    }
}
