using System.Runtime.Intrinsics;
using Tessera.Trainer.Models;
using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Training;

/// <summary>
/// Muon for the matrices inside the layers (kellerjordan.github.io/posts/muon): momentum, made orthogonal by Newton and Schulz's iteration; AdamW (arXiv 1711.05101) for embedding and norms.
/// </summary>
internal sealed unsafe class Optimizer(Weights weights) : IDisposable
{
    private const float Beta1 = 0.9f, Beta2 = 0.98f, Epsilon = 1e-9f, Decay = 0.01f, Momentum = 0.95f;

    private readonly Layout _layout = weights.Layout;
    private readonly ThreadLocal<NewtonSchulz> _schulz = new(() => new NewtonSchulz(), trackAllValues: true);

    /// <summary>First moments (momentum), then Adam's second moments.</summary>
    public NativeBuffer State { get; } = new(2 * weights.Layout.Count);

    /// <summary>Step <paramref name="step"/> (from 1) along the sum of the gradients, at a rate of <paramref name="rate"/> between 0 and 1.</summary>
    public void Step(NativeBuffer[] gradients, int step, double rate, Peaks peaks) => Parallel.ForEach(_layout.Tensors, Lanes.Options, tensor =>
    {
        float* w = weights[tensor], g = gradients[0].Data + tensor.Offset, m = State.Data + tensor.Offset, v = m + _layout.Count;
        foreach (NativeBuffer other in gradients[1..])
            Rows.AddScaled(1, other.Data + tensor.Offset, g, tensor.Count);
        if (tensor.IsNorm || tensor.IsEmbedding)
            Adam(w, g, m, v, tensor.Count, step, (float)(rate * (tensor.IsNorm ? peaks.Norm : peaks.Embedding)), tensor.IsNorm ? 0 : Decay);
        else
            Muon(w, g, m, tensor, (float)(rate * peaks.Matrix));
    });

    public void Dispose()
    {
        State.Dispose();
        foreach (NewtonSchulz schulz in _schulz.Values)
            schulz.Dispose();
        _schulz.Dispose();
    }

    private static void Adam(float* w, float* g, float* m, float* v, long n, int step, float rate, float decay)
    {
        float fix1 = 1 / (1 - MathF.Pow(Beta1, step)), fix2 = 1 / (1 - MathF.Pow(Beta2, step));
        for (long i = 0; i < n; i += Vector256<float>.Count)
        {
            Vector256<float> gradient = Vector256.Load(g + i), first = Vector256.Load(m + i), second = Vector256.Load(v + i), weight = Vector256.Load(w + i);
            first += (1 - Beta1) * (gradient - first);
            second += (1 - Beta2) * (gradient * gradient - second);
            first.Store(m + i);
            second.Store(v + i);
            (weight - rate * (first * fix1 / (Vector256.Sqrt(second * fix2) + Vector256.Create(Epsilon)) + decay * weight)).Store(w + i);
        }
    }

    private void Muon(float* w, float* g, float* m, Tensor tensor, float rate)
    {
        NewtonSchulz schulz = _schulz.Value!;
        float* update = schulz.Input(tensor.Count);
        for (long i = 0; i < tensor.Count; i += Vector256<float>.Count)
        {
            Vector256<float> gradient = (1 - Momentum) * Vector256.Load(g + i), momentum = Momentum * Vector256.Load(m + i) + gradient;
            momentum.Store(m + i);
            // Nesterov's look ahead.
            (Momentum * momentum + gradient).Store(update + i);
        }
        float* direction = schulz.Orthogonal(tensor.Inputs, tensor.Outputs);
        float scale = rate * MathF.Sqrt(MathF.Max(1, (float)tensor.Outputs / tensor.Inputs));
        Rows.Blend(-scale, direction, 1 - rate * Decay, w, tensor.Count);
    }
}

/// <summary>The highest learning rates.</summary>
internal sealed record Peaks(double Matrix, double Embedding, double Norm);
