using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

// A long context is cut into spans, always at the same entries, each with a softmax of its own; they are merged in order. So a row's sums are the same, bit for bit,
// whether one lane walks all spans or several share them.
internal sealed unsafe partial class AttentionStage
{
    /// <summary>Entries of a span; no tile crosses into the next.</summary>
    private const int SpanEntries = 512;

    /// <summary>The most bytes for the sums of spans that lanes share.</summary>
    private const long MostShared = 8L << 20;

    private readonly long _sharedBytes;

    /// <summary>Where lanes leave the sums of spans for one another; set when the plan's memory is.</summary>
    public byte* SharedSums { get; set; }

    /// <summary>Bytes of <see cref="SharedSums"/>.</summary>
    public long SharedBytes => _sharedBytes;

    // Bytes of one task's sums: states, then outputs.
    private long SumBytes => (long)_shape.Group * (sizeof(AttentionState) + _shape.OutputStride * sizeof(float));

    private static int SpanEnd(int entry) => entry | (SpanEntries - 1);

    private static long SharedNeed(AttentionShape shape, RuntimeLimits limits, int lanes) =>
        Math.Min(MostShared, 2L * lanes * (limits.MaxContext / SpanEntries + 1) * shape.Group * (sizeof(AttentionState) + shape.OutputStride * sizeof(float)));

    /// <summary>The number of tasks where lanes share the spans of few long contexts; 0: each context is one lane's.</summary>
    private int Shared(int lanes, Step step)
    {
        int heads = _shape.KeyHeads * _shape.Parts;
        // So many tasks and more keep all lanes busy without.
        if (!_paged || lanes == 1 || !step.OneRowEach || step.Runs * heads >= 2 * lanes)
            return 0;
        int spans = 0;
        for (int run = 0; run < step.Runs; run++)
            spans += Spans(step, run);
        return spans > step.Runs && spans * heads * SumBytes <= _sharedBytes ? spans * heads : 0;
    }

    private int Spans(Step step, int run)
    {
        int index = step.Batch.CacheIndices[step.RunStart[run]];
        return index / SpanEntries - FirstVisible(index) / SpanEntries + 1;
    }

    private void AttendTogether(Lane lane, Step step, int tasks)
    {
        int heads = _shape.KeyHeads * _shape.Parts, group = _shape.Group;
        byte* scratch = lane.Attention;
        for (int task = step.Next(_stage); task < tasks; task = step.Next(_stage))
        {
            (int run, int head, int span) = Task(step, heads, task);
            int row = step.RunStart[run], index = step.Batch.CacheIndices[row];
            int first = span == 0 ? FirstVisible(index) : (FirstVisible(index) / SpanEntries + span) * SpanEntries;
            Load(row, head, 0, scratch, span == 0 ? _sinks : null);
            Empty(group, scratch);
            Walk(step, run, head, first, Math.Min(index, SpanEnd(first)), scratch);
            int from = span == 0 ? 0 : _shape.Later;
            byte* sums = SharedSums + task * SumBytes;
            Buffer.MemoryCopy(AttentionShape.States(scratch) + from, sums, group * sizeof(AttentionState), group * sizeof(AttentionState));
            long bytes = (long)group * _shape.OutputStride * sizeof(float);
            Buffer.MemoryCopy(_shape.Outputs(scratch) + (long)from * _shape.OutputStride, sums + group * sizeof(AttentionState), bytes, bytes);
        }
        lane.Team.Barrier();
        (int begin, int end) = lane.Share(step.Runs * heads);
        int before = 0;
        for (int i = 0; i < end; i++)
        {
            int run = i / heads, spans = Spans(step, run);
            if (i >= begin)
                MergeSpans(step.RunStart[run], i % heads, before, spans, scratch);
            before += spans;
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

    private void MergeSpans(int row, int head, int task, int spans, byte* scratch)
    {
        int group = _shape.Group;
        for (int q = 0; q < group; q++)
        {
            for (int span = 0; span < spans; span++)
            {
                byte* sums = SharedSums + (task + span) * SumBytes;
                AttentionState* state = (AttentionState*)sums + q;
                float* output = (float*)(sums + group * sizeof(AttentionState)) + (long)q * _shape.OutputStride;
                if (span > 0)
                    Merge(q, scratch, state, output);
                else
                {
                    AttentionShape.States(scratch)[q] = *state;
                    new Span<float>(output, _shape.OutputStride).CopyTo(new Span<float>(_shape.Outputs(scratch) + (long)q * _shape.OutputStride, _shape.OutputStride));
                }
            }
        }
        Finish(row, head, 0, scratch);
    }

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
