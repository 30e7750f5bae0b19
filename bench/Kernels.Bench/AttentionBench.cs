using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Graphs;
using Tessera.Abstractions.Plugins;
using Tessera.Abstractions.Quantization;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu;
using Tessera.Kernels.Cpu.Jit;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Quant.Ggml;

namespace Tessera.Kernels.Bench;

/// <summary>GB/s of keys and values: steps of one row for each of several sequences, whose blocks lie anywhere, through a model that is next to nothing but attention. One thread's processor time; the kinds take turns.</summary>
internal static unsafe class AttentionBench
{
    private const int Sequences = 4, Depth = 1024, Chunk = 64, Rounds = 60, KeyHeads = 8, Group = 4;

    public static void Run()
    {
        Console.WriteLine($"attention, {Sequences} sequences of {Depth} entries, {Group} query heads for each of {KeyHeads} key heads, GB/s of keys and values, best and median");
        foreach (int length in (int[])[64, 80, 96, 128, 256])
        {
            List<Kind> kinds = [.. from kv in (KvType[])[KvType.F16, KvType.BF16, KvType.Q8, KvType.F32] from sources in (ITileSource[][])[[], [new JitTileSource()]] where kv == KvType.F16 || sources.Length == 0 select new Kind(length, kv, sources)];
            for (int round = 0; round < Rounds; round++)
                kinds.ForEach(k => k.Measure());
            foreach (Kind kind in kinds)
                Console.WriteLine($"{length,4} {kind.Name,-10} {kind.Rate(0),6:F2} {kind.Rate(Rounds / 2),6:F2}");
            kinds.ForEach(k => k.Dispose());
        }
    }

    private sealed class Kind : IDisposable
    {
        private readonly InlineWorkTeam _team = new(1);
        private readonly CheckModel _model;
        private readonly IModelRuntime _runtime;
        private readonly Batch _batch;
        private readonly List<double> _seconds = [];
        private readonly int[] _length = new int[Sequences];
        private readonly double _bytes;

        public Kind(int length, KvType kv, ITileSource[] sources)
        {
            ServiceCollection services = new();
            new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
            using ServiceProvider provider = services.BuildServiceProvider();
            QuantizationRegistry types = new(provider.GetServices<IQuantization>());
            _model = new CheckModel(new CheckShape { Layers = 1, Width = 32, FeedForward = 32, Vocabulary = 32, Heads = KeyHeads * Group, KeyHeads = KeyHeads, HeadLength = length }, types);
            RuntimeLimits limits = new() { MaxRows = Chunk, MaxOutputs = Chunk, MaxSequences = Sequences, MaxContext = 2 * Depth, Activations = ActivationPrecision.Fast, KvType = kv };
            _runtime = new CpuBackend(CpuIsa.Detect()).Build(new BackendRequest { Graph = _model.Graph, Limits = limits, Team = _team, Quantizations = types, KvBudget = new FixedBudget(), Tiles = sources });
            _batch = new Batch(limits, 1);
            int blocks = limits.MaxContext / limits.BlockTokens * Sequences;
            if (!_runtime.TryGrow(0, blocks))
                throw new InvalidOperationException("no memory for the cache");
            int[] order = [.. Enumerable.Range(0, blocks)];
            new Random(1).Shuffle(order);
            for (int i = 0; i < blocks; i++)
                _batch.BlockTable(0, i % Sequences)[i / Sequences] = order[i];
            for (int slot = 0; slot < Sequences; slot++)
                for (int at = 0; at < Depth; at += Chunk)
                    Step(Enumerable.Repeat(slot, Chunk));
            _bytes = (double)_runtime.BlockBytes(0) / limits.BlockTokens * Depth * Sequences;
            Name = string.Create(CultureInfo.InvariantCulture, $"{kv}{(sources.Length > 0 ? " machine" : "")}");
        }

        public string Name { get; }

        public void Measure()
        {
            double before = Machine.ThreadSeconds();
            Step(Enumerable.Range(0, Sequences));
            _seconds.Add(Machine.ThreadSeconds() - before);
        }

        /// <summary>By rank, the fastest first.</summary>
        public double Rate(int rank) => _bytes / _seconds.Order().ElementAt(rank) / 1e9;

        public void Dispose()
        {
            _runtime.Dispose();
            _batch.Dispose();
            _model.Dispose();
            _team.Dispose();
        }

        private void Step(IEnumerable<int> slots)
        {
            _batch.Clear();
            foreach (int slot in slots)
                _batch.Add(slot, _length[slot], _length[slot]++, slot, RowOutputs.None);
            _runtime.Submit(_batch);
            if (!_runtime.Wait())
                throw new InvalidOperationException("the step was given up");
        }
    }
}
