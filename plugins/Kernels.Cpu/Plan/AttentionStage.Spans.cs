using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

// A long context is cut into spans, always at the same entries, each with a softmax of its own; they are merged in order. So a row's sums are the same, bit for bit,
// whether one lane walks all spans or several share them.
internal sealed unsafe partial class AttentionStage
{
    /// <summary>Entries of a span.</summary>
    private const int SpanEntries = 512;

    /// <summary>The most bytes for the sums of spans that lanes share.</summary>
    private const long MostShared = 8L << 20;

    private readonly long _sharedBytes;

    /// <summary>Where lanes leave the sums of spans for one another; set when the plan's memory is.</summary>
    public byte* SharedSums { get; set; }

    /// <summary>Bytes of <see cref="SharedSums"/>.</summary>
    public long SharedBytes => _sharedBytes;

    // Bytes of one task's sums of so many rows: states, then outputs.
    private static long SumBytes(AttentionShape shape, int rows) => (long)rows * shape.Group * (sizeof(AttentionState) + shape.OutputStride * sizeof(float));

    private static int SpanEnd(int entry) => entry | (SpanEntries - 1);

    private static long SharedNeed(AttentionShape shape, RuntimeLimits limits, int lanes, int runRows) =>
        Math.Min(MostShared, 2L * lanes * (limits.MaxContext / SpanEntries + 1) * SumBytes(shape, runRows));

    /// <summary>The number of tasks where lanes share the spans of few long contexts; 0: each context is one lane's.</summary>
    private int Shared(int lanes, Step step)
    {
        int heads = _shape.KeyHeads * _shape.Parts;
        // So many tasks and more keep all lanes busy without, and so do a panel's rows.
        if (!_paged || lanes == 1 || step.RunsArePanels || step.Runs * heads >= 2 * lanes)
            return 0;
        int spans = 0, rows = 0;
        for (int run = 0; run < step.Runs; run++)
        {
            spans += Spans(step, run);
            rows = Math.Max(rows, Rows(step, run));
        }
        return spans > step.Runs && spans * heads * SumBytes(_shape, rows) <= _sharedBytes ? spans * heads : 0;
    }

    private static int Rows(Step step, int run) => step.RunStart[run + 1] - step.RunStart[run];

    // From the first that the run's first row sees to that of its last row.
    private int Spans(Step step, int run)
    {
        int* indices = step.Batch.CacheIndices;
        return indices[step.RunStart[run + 1] - 1] / SpanEntries - FirstVisible(indices[step.RunStart[run]]) / SpanEntries + 1;
    }

    private void AttendTogether(Lane lane, Step step, int tasks)
    {
        int heads = _shape.KeyHeads * _shape.Parts, group = _shape.Group, most = 0;
        for (int run = 0; run < step.Runs; run++)
            most = Math.Max(most, Rows(step, run));
        long stride = SumBytes(_shape, most);
        byte* scratch = lane.Attention;
        for (int task = step.Next(_stage); task < tasks; task = step.Next(_stage))
        {
            (int run, int head, int span) = Task(step, heads, task);
            int queries = Rows(step, run) * group;
            for (int q = 0; q < queries; q += group)
                Load(step.RunStart[run] + q / group, head, q, scratch);
            Empty(queries, scratch);
            RunReader reader = Reader(step, run, step.RunStart[run], Rows(step, run), head);
            int first = FirstVisible(reader.Indices[0]);
            first = span == 0 ? first : (first / SpanEntries + span) * SpanEntries;
            Walk(reader, first, Math.Min(reader.Last, SpanEnd(first)), scratch);
            byte* sums = SharedSums + task * stride;
            for (int row = 0; row < reader.Rows; row++)
            {
                int from = row * group + Later(reader, row, first);
                CopyStates(AttentionShape.States(scratch) + from, States(sums, row));
                CopyOutputs(_shape.Outputs(scratch) + (long)from * _shape.OutputStride, Outputs(sums, row, most));
            }
        }
        lane.Team.Barrier();
        (int begin, int end) = lane.Share(step.Rows * heads);
        int before = 0, item = 0;
        for (int run = 0; run < step.Runs && item < end; run++)
        {
            int spans = Spans(step, run), rows = Rows(step, run);
            for (int i = Math.Max(begin - item, 0); i < Math.Min(end - item, rows * heads); i++)
                MergeSpans(step, run, i % rows, i / rows, SharedSums + (before + i / rows * spans) * stride, stride, most, scratch);
            before += heads * spans;
            item += rows * heads;
        }
    }

    /// <summary>Tasks are numbered run by run, head by head, span by span.</summary>
    private (int Run, int Head, int Span) Task(Step step, int heads, int task)
    {
        int run = 0, spans = Spans(step, 0);
        while (task >= heads * spans)
        {
            task -= heads * spans;
            spans = Spans(step, ++run);
        }
        return (run, task / spans, task % spans);
    }

    // A row of a run may see its first span later, and its last earlier, than others do.
    private void MergeSpans(Step step, int run, int row, int head, byte* sums, long stride, int most, byte* scratch)
    {
        int* indices = step.Batch.CacheIndices + step.RunStart[run];
        int origin = FirstVisible(indices[0]) / SpanEntries, first = FirstVisible(indices[row]) / SpanEntries - origin, last = indices[row] / SpanEntries - origin;
        sums += first * stride;
        CopyStates(States(sums, row), AttentionShape.States(scratch));
        CopyOutputs(Outputs(sums, row, most), _shape.Outputs(scratch));
        for (int span = first + 1; span <= last; span++)
        {
            sums += stride;
            for (int q = 0; q < _shape.Group; q++)
                Merge(q, scratch, States(sums, row) + q, Outputs(sums, row, most) + (long)q * _shape.OutputStride);
        }
        Finish(step.RunStart[run] + row, head, 0, scratch);
    }

    private AttentionState* States(byte* sums, int row) => (AttentionState*)sums + row * _shape.Group;

    private float* Outputs(byte* sums, int row, int rows) => (float*)((AttentionState*)sums + rows * _shape.Group) + (long)row * _shape.Group * _shape.OutputStride;

    private void CopyStates(AttentionState* from, AttentionState* to) => new Span<AttentionState>(from, _shape.Group).CopyTo(new Span<AttentionState>(to, _shape.Group));

    private void CopyOutputs(float* from, float* to) => new Span<float>(from, _shape.Group * _shape.OutputStride).CopyTo(new Span<float>(to, _shape.Group * _shape.OutputStride));

    /// <summary>Takes the softmax of a later span into a query's.</summary>
    private void Merge(int query, byte* scratch, AttentionState* state, float* output) =>
        AttentionTile.Merge(AttentionShape.States(scratch) + query, _shape.Outputs(scratch) + (long)query * _shape.OutputStride, state, output, _shape.OutputStride);

    // What a later span has seen so far: nothing.
    private void Empty(int queries, byte* scratch)
    {
        new Span<AttentionState>(AttentionShape.States(scratch) + _shape.Later, queries).Fill(new AttentionState { Largest = float.NegativeInfinity });
        new Span<float>(_shape.Outputs(scratch) + (long)_shape.Later * _shape.OutputStride, queries * _shape.OutputStride).Clear();
    }
}
