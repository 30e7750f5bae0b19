using System.Runtime.InteropServices;
using Tessera.Bench;
using Tessera.Engine.Evaluation;
using Tessera.Host.Models;

namespace Tessera.Accuracy.Bench;

/// <summary>A model on the product's path and on the reference path, through the host's own plugins.</summary>
internal sealed class Paths(string model, KvType? kv) : IAsyncDisposable
{
    /// <summary>Tokens of a context.</summary>
    public const int Context = 2048;

    private readonly HostedModel _model = new(model);

    public int[] Encode(string text)
    {
        List<int> ids = [];
        _model.Open.CreateTokenizer().Encode(text, default, ids);
        return [.. ids];
    }

    /// <summary>Compares the paths after every token but the last of each context of <see cref="Context"/> tokens. The reference's logits of a context wait in a file: they are many.</summary>
    public Measured Measure(int[] ids)
    {
        using Path reference = new(_model, ActivationPrecision.Float32, null), product = new(_model, ActivationPrecision.Fast, kv);
        using FileStream rows = new(System.IO.Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        Sums sums = new();
        for (int start = 0; start < ids.Length - 1; start += Context)
        {
            int[] context = ids[start..Math.Min(start + Context, ids.Length)];
            rows.Position = 0;
            reference.Evaluate(context, (_, logits) => rows.Write(MemoryMarshal.AsBytes(logits)));
            rows.Position = 0;
            float[] row = [];
            product.Evaluate(context, (position, logits) =>
            {
                Array.Resize(ref row, logits.Length);
                rows.ReadExactly(MemoryMarshal.AsBytes(row.AsSpan()));
                sums.Add(row, logits, context[position + 1]);
            });
        }
        return sums.Measured;
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    /// <summary>One of the two.</summary>
    private sealed class Path : IDisposable
    {
        private readonly BuiltRuntime _built;
        private readonly SequenceEvaluator _evaluator;

        public Path(HostedModel model, ActivationPrecision activations, KvType? kv)
        {
            _built = model.Build(activations, Context, kv);
            _evaluator = new(activations.ToString(), _built.Graph, _built.Runtime, _built.Limits);
        }

        public void Evaluate(int[] ids, Action<int, ReadOnlySpan<float>> logits) => _evaluator.Evaluate(ids, [.. Enumerable.Range(0, ids.Length - 1)], logits);

        public void Dispose()
        {
            _evaluator.Dispose();
            _built.Runtime.Dispose();
        }
    }
}
