using Tessera.Trainer.Data;
using Tessera.Trainer.Models;
using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Training;

/// <summary>Compares the written-out backward with differences of the loss, for some weights of every tensor.</summary>
internal static unsafe class GradientCheck
{
    private const int Length = 160, PerTensor = 3;
    private const float Step = 1e-2f;

    /// <summary>The largest relative difference, over the gradient's own size in its tensor.</summary>
    public static double Worst()
    {
        using Weights weights = new(new Shape("check", Width: 64, Layers: 2, Heads: 2, KeyHeads: 1, Inner: 64));
        weights.Initialize(7);
        Random random = new(3);
        // Larger than at the start of training, so that every path matters.
        foreach (Tensor tensor in weights.Layout.Tensors.Where(t => !t.IsNorm))
            for (long i = 0; i < tensor.Count; i++)
                weights[tensor][i] = (float)((random.NextDouble() - 0.5) * (tensor.IsEmbedding ? 1 : 0.4));
        Pack pack = new([.. Enumerable.Range(0, Length).Select(_ => random.Next(50))], [.. Enumerable.Range(0, Length).Select(_ => random.Next(50))], [.. Enumerable.Range(0, Length).Select(_ => (float)random.Next(2))], [0, 13]);
        Network network = new(weights, Length);
        using Activations a = new(weights.Shape, Length);
        using NativeBuffer gradients = new(weights.Layout.Count);
        network.Forward(pack.Ids, pack.Starts, a);
        Loss.Hard(pack, a.Logits, 1);
        network.Backward(pack.Ids, pack.Starts, a, gradients.Data);
        double worst = 0;
        foreach (Tensor tensor in weights.Layout.Tensors)
        {
            int used = (int)(tensor.IsEmbedding ? 50L * tensor.Outputs : tensor.Count);
            float* g = gradients.Data + tensor.Offset;
            double size = Math.Sqrt(new ReadOnlySpan<float>(g, used).ToArray().Sum(v => (double)v * v) / used);
            for (int n = 0; n < PerTensor; n++)
            {
                int i = random.Next(used);
                float* w = weights[tensor] + i;
                float was = *w;
                double[] loss = new double[2];
                for (int side = 0; side < 2; side++)
                {
                    *w = was + (side == 0 ? -Step : Step);
                    network.Forward(pack.Ids, pack.Starts, a);
                    loss[side] = Loss.Hard(pack, a.Logits, 1);
                }
                *w = was;
                double difference = Math.Abs((loss[1] - loss[0]) / (2 * Step) - g[i]) / size;
                Console.WriteLine($"{tensor.Name}[{i}]: {g[i]:G4}, by difference {(loss[1] - loss[0]) / (2 * Step):G4}");
                worst = Math.Max(worst, difference);
            }
        }
        return worst;
    }
}
