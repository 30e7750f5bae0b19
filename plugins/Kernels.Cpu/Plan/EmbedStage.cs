using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Each row's token's row of the embedding, dequantized and scaled.</summary>
internal sealed unsafe class EmbedStage(WeightTensor weight, IQuantization quantization, float factor, ValueBuffer output) : Stage
{
    public override void Run(Lane lane, Step step)
    {
        (int first, int end) = lane.Share(step.Rows);
        for (int row = first; row < end; row++)
        {
            quantization.Dequantize(weight, step.Batch.Tokens[row], 1, new Span<float>(output.Row(row), output.Width));
            if (factor != 1)
                Sum.Scale(output.Row(row), factor, output.Row(row), output.Width);
        }
    }
}
