using System.Runtime.InteropServices;
using Tessera.Bench;
using Tessera.Engine.Evaluation;
using Tessera.Host.Models;

namespace Tessera.Accuracy.Bench;

/// <summary>A model on the product's path and on the reference path, through the host's own plugins.</summary>
internal sealed class Paths(string model, KvType? kv) : IAsyncDisposable
{
    private readonly HostedModel _model = new(model);

    public int[] Encode(string text)
    {
        List<int> ids = [];
        _model.Open.CreateTokenizer().Encode(text, default, ids);
        int most = Math.Min(ids.Count, 4096);
        return [.. ids[..most]];
    }

    /// <summary>Compares the paths after every token but the last. The reference's logits wait in a file: they are many.</summary>
    public Measured Measure(int[] ids)
    {
        int count = ids.Length - 1;
        using FileStream rows = new(Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        double referenceNll = 0, productNll = 0, distance = 0, squares = 0, divergence = 0, largest = 0;
        double[] reference = new double[count];
        int same = 0;
        Evaluate(ids, ActivationPrecision.Float32, (position, logits) =>
        {
            rows.Write(MemoryMarshal.AsBytes(logits));
            reference[position] = LogProbability.Of(logits, ids[position + 1]);
            referenceNll -= reference[position];
        });
        rows.Position = 0;
        float[] row = [];
        Evaluate(ids, ActivationPrecision.Fast, (position, logits) =>
        {
            Array.Resize(ref row, logits.Length);
            rows.ReadExactly(MemoryMarshal.AsBytes(row.AsSpan()));
            double own = LogProbability.Of(logits, ids[position + 1]);
            productNll -= own;
            distance += Math.Abs(own - reference[position]);
            squares += (own - reference[position]) * (own - reference[position]);
            double between = Divergence.Of(row, logits);
            divergence += between;
            largest = Math.Max(largest, between);
            same += Best(row) == Best(logits) ? 1 : 0;
        });
        double change = (productNll - referenceNll) / count;
        return new(referenceNll / count, productNll / count, Math.Sqrt((squares / count - change * change) / count), distance / count, divergence / count, largest, (double)same / count);
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    private static int Best(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best])
                best = i;
        return best;
    }

    private void Evaluate(int[] ids, ActivationPrecision activations, Action<int, ReadOnlySpan<float>> logits)
    {
        BuiltRuntime built = _model.Build(activations, ids.Length, activations == ActivationPrecision.Float32 ? null : kv);
        using IModelRuntime runtime = built.Runtime;
        using SequenceEvaluator evaluator = new(Path.GetFileName(model), built.Graph, runtime, built.Limits);
        evaluator.Evaluate(ids, [.. Enumerable.Range(0, ids.Length - 1)], logits);
    }
}

/// <summary>What was measured; means over the positions, and the standard error of the difference of the first two.</summary>
internal sealed record Measured(double ReferenceNll, double ProductNll, double Error, double Distance, double Divergence, double LargestDivergence, double SameBest);
