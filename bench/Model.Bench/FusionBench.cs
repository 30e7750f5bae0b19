using System.Diagnostics;
using Tessera.Bench;
using Tessera.Host.Models;

namespace Tessera.Model.Bench;

/// <summary>What each fusion of <c>kernels.cpu</c> gains: the same model with all of them and without one kind, in turn.</summary>
internal static class FusionBench
{
    public static string[] Kinds => ["no-norms", "no-rotations", "no-gates", "no-features", "none"];

    public static async Task RunAsync(Options options)
    {
        List<Variant> variants = [];
        try
        {
            foreach (string kind in options.Fusions.Prepend("all"))
                variants.Add(new Variant(kind, options));
            for (int round = 0; round < options.Rounds; round++)
                foreach (Variant variant in variants)
                    variant.Measure(options);
            Variant all = variants[0];
            Console.WriteLine($"{"all",-13} prefill {all.Prefill,8:F1}  decode {all.Decode,7:F1} tokens/s");
            foreach (Variant variant in variants.Skip(1))
                Console.WriteLine($"{variant.Kind,-13} prefill {variant.Prefill,8:F1}  decode {variant.Decode,7:F1} tokens/s; gained {all.Prefill / variant.Prefill - 1,7:P1} and {all.Decode / variant.Decode - 1,7:P1}");
        }
        finally
        {
            foreach (Variant variant in variants)
                await variant.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed class Variant : IAsyncDisposable
    {
        private readonly HostedModel _model;
        private readonly BuiltRuntime _built;
        private readonly Streams _streams;
        private readonly List<double> _prefill = [], _decode = [];

        public Variant(string kind, Options options)
        {
            Kind = kind;
            _model = new HostedModel(options.Model, options.Threads, ("kernels.cpu", "fusions", kind));
            _built = _model.Build(ActivationPrecision.Fast, Math.Max(options.Prompt, 1) + options.Generate + 1, options.Kv);
            _streams = new Streams(_built);
            _streams.Prefill(0, 16);
        }

        public string Kind { get; }

        public double Prefill => Median(_prefill);

        public double Decode => Median(_decode);

        public void Measure(Options options)
        {
            _streams.Clear(0);
            long start = Stopwatch.GetTimestamp();
            _streams.Prefill(0, options.Prompt);
            _prefill.Add(options.Prompt / Stopwatch.GetElapsedTime(start).TotalSeconds);
            _streams.Clear(0);
            start = Stopwatch.GetTimestamp();
            _streams.Decode(1, options.Generate);
            _decode.Add(options.Generate / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        public async ValueTask DisposeAsync()
        {
            _streams.Dispose();
            _built.Runtime.Dispose();
            await _model.DisposeAsync().ConfigureAwait(false);
        }

        private static double Median(List<double> values)
        {
            double[] sorted = [.. values.Order()];
            return sorted[sorted.Length / 2];
        }
    }
}
