using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Plan;

/// <summary>The row of an embedding that each row's token, position or type names, dequantized and scaled.</summary>
internal sealed unsafe class EmbedStage(EmbedNode node, IQuantization quantization, float factor, ValueBuffer output) : Stage
{
    private readonly EmbedIndex _index = node.Index;
    private readonly int _offset = node.Offset;

    public override IEnumerable<IReadOnlyList<ValueBuffer>> ByFeatures => [[output]];

    public override void Run(Lane lane, Step step)
    {
        if (output.IsByFeatures)
        {
            RunByFeatures(lane, step, output.Features!);
            return;
        }
        (int first, int end) = lane.Share(step.Rows);
        for (int row = first; row < end; row++)
            Make(step, row, output.Row(row));
    }

    private void RunByFeatures(Lane lane, Step step, FeatureMajor features)
    {
        (int first, int end) = lane.Share(features.Panels);
        for (int panel = first; panel < end; panel++)
        {
            int width = features.WidthOf(panel), count = features.Count(panel);
            float* to = output.Panel(panel, features);
            // What is not there is computed with too: zeros are never slow.
            new Span<float>(to, output.Width * width).Clear();
            for (int i = 0; i < count; i++)
            {
                Make(step, panel * features.Width + i, lane.Row);
                for (int feature = 0; feature < output.Width; feature++)
                    to[(long)feature * width + i] = lane.Row[feature];
            }
        }
    }

    private void Make(Step step, int row, float* destination)
    {
        Batch batch = step.Batch;
        int* indices = _index switch { EmbedIndex.Token => batch.Tokens, EmbedIndex.Position => batch.Positions, _ => batch.TokenTypes };
        quantization.Dequantize(node.Weight, indices[row] + _offset, 1, new Span<float>(destination, output.Width));
        if (factor != 1)
            Sum.Scale(destination, factor, destination, output.Width);
    }
}
