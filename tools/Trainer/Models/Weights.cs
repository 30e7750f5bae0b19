using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Models;

/// <summary>A model's weights in one buffer.</summary>
internal sealed unsafe class Weights : IDisposable
{
    public Weights(Shape shape)
    {
        Shape = shape;
        Layout = new Layout(shape);
        Buffer = new NativeBuffer(Layout.Count);
    }

    public Shape Shape { get; }

    public Layout Layout { get; }

    public NativeBuffer Buffer { get; }

    public float* this[Tensor tensor] => Buffer.Data + tensor.Offset;

    /// <summary>Weights to start from: norms are one, matrices normal with a deviation that keeps activations level.</summary>
    public void Initialize(int seed)
    {
        Random random = new(seed);
        foreach (Tensor tensor in Layout.Tensors)
        {
            double deviation = tensor.IsEmbedding ? 0.02 : 1 / Math.Sqrt(tensor.Inputs);
            // What writes into the residual stream starts small.
            if (tensor.Name.EndsWith("attn_output", StringComparison.Ordinal) || tensor.Name.EndsWith("ffn_down", StringComparison.Ordinal))
                deviation *= 0.1;
            for (long i = 0; i < tensor.Count; i++)
                this[tensor][i] = tensor.IsNorm ? 1 : (float)(deviation * Normal(random));
        }
    }

    public void Dispose() => Buffer.Dispose();

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
