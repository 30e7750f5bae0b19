using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>One row of each sequence that wants a vector: the mean of its rows in the batch, summed in their order, or the first or last of them.</summary>
internal sealed unsafe class PoolStage(RowSource source, ValueBuffer output, PoolingKind kind) : Stage
{
    public override IEnumerable<IReadOnlyList<ValueBuffer>> ByFeatures => source.FillsFrom;

    public override void Run(Lane lane, Step step)
    {
        (int first, int end) = lane.Share(step.PooledRows);
        for (int i = first; i < end; i++)
        {
            int sequence = step.PooledSequence[i], start = step.SequenceStart[sequence], behind = step.SequenceStart[sequence + 1];
            float* result = output.Row(i);
            source.Fill(kind == PoolingKind.Last ? behind - 1 : start, result);
            if (kind != PoolingKind.Mean)
                continue;
            for (int row = start + 1; row < behind; row++)
            {
                float* x = source.InPlace(row);
                if (x == null)
                    source.Fill(row, x = lane.Row);
                Sum.Row(result, x, result, output.Width);
            }
            Sum.Scale(result, 1f / (behind - start), result, output.Width);
        }
    }
}
