using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The row of an embedding that each row's token, position or type names, dequantized and scaled.</summary>
internal sealed unsafe class EmbedStage(EmbedNode node, IQuantization quantization, float factor, ValueBuffer output) : Stage
{
    private readonly EmbedIndex _index = node.Index;
    private readonly int _offset = node.Offset;

    public override void Run(Lane lane, Step step)
    {
        (int first, int end) = lane.Share(step.Rows);
        Batch batch = step.Batch;
        int* indices = _index switch { EmbedIndex.Token => batch.Tokens, EmbedIndex.Position => batch.Positions, _ => batch.TokenTypes };
        for (int row = first; row < end; row++)
        {
            quantization.Dequantize(node.Weight, indices[row] + _offset, 1, new Span<float>(output.Row(row), output.Width));
            if (factor != 1)
                Sum.Scale(output.Row(row), factor, output.Row(row), output.Width);
        }
    }
}
