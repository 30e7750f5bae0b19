using Tessera.Trainer.Models;

namespace Tessera.Trainer.Output;

/// <summary>A tensor as files hold it: a row of inputs for each output.</summary>
internal static unsafe class Exported
{
    public static float[] Values(Weights weights, Tensor tensor)
    {
        float* w = weights[tensor];
        if (tensor.IsNorm || tensor.IsEmbedding)
            return new ReadOnlySpan<float>(w, (int)tensor.Count).ToArray();
        float[] rows = new float[tensor.Count];
        for (int i = 0; i < tensor.Inputs; i++)
            for (int o = 0; o < tensor.Outputs; o++)
                rows[o * tensor.Inputs + i] = w[i * tensor.Outputs + o];
        return rows;
    }

    /// <summary>Each head's rows in Hugging Face's order, whose rotary pairs are halves: rows 2i go before rows 2i + 1.</summary>
    public static float[] Halved(float[] rows, int columns)
    {
        const int Head = Shape.HeadSize, Half = Head / 2;
        float[] halved = new float[rows.Length];
        for (int r = 0; r < rows.Length / columns; r++)
        {
            int inHead = r % Head, to = r - inHead + inHead % 2 * Half + inHead / 2;
            rows.AsSpan(r * columns, columns).CopyTo(halved.AsSpan(to * columns));
        }
        return halved;
    }
}
