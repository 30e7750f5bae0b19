using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Fakes;
using Tessera.Engine.Architectures;
using Tessera.Format.Gguf;
using Tessera.Kernels.Metal.Tests.Kernels;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>Whole small models against their recorded logits and continuations (../shared/fixtures/tiny-models/README.md).</summary>
public sealed unsafe class TinyModelTests
{
    /// <summary>Tokens of the recorded continuation that are generated; the emulator is slow.</summary>
    private const int Continued = 8;

    public static TheoryData<string> Names => [.. TinyGolden.Names];

    [Theory, MemberData(nameof(Names))]
    public void Logits_and_greedy_tokens_are_the_recorded_ones(string name)
    {
        TinyGolden golden = TinyGolden.Require(name);
        using EmulatorSession session = Emulator.Begin();
        using Model model = new(golden);
        double largest = golden.LargestDifference([.. golden.Sequences.Select(s => model.Run(0, s.Positions, s.Tokens))]);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: largest difference {largest:g3} (tolerance {golden.Tolerance:g3})");
        Assert.InRange(largest, 0, golden.Tolerance);
        List<int> greedy = [Best(model.Run(0, [golden.Prompt.Length - 1], golden.Prompt)[0])];
        while (greedy.Count < Continued)
            greedy.Add(Best(model.Run(golden.Prompt.Length + greedy.Count - 1, [golden.Prompt.Length + greedy.Count - 1], greedy[^1])[0]));
        Assert.Equal(golden.Greedy[..Continued], greedy);
    }

    private static int Best(float[] logits) => Array.IndexOf(logits, logits.Max());

    /// <summary>A model with one sequence over a scattered block table.</summary>
    private sealed class Model : IDisposable
    {
        private readonly TestModelFiles _files;
        private readonly MetalBackend _backend = new(NullLogger.Instance);
        private readonly InlineWorkTeam _team = new();
        private readonly IModelRuntime _runtime;
        private readonly Batch _batch;
        private readonly ModelGraph _graph;

        public Model(TinyGolden golden)
        {
            _files = TestModelFiles.OnDisk(golden.ModelPath);
            ServiceCollection services = new();
            new FormatGgufPlugin().Configure(services, new Dictionary<string, string>());
            using ServiceProvider provider = services.BuildServiceProvider();
            ModelSource source = provider.GetServices<IWeightFormat>().Single().Open(_files);
            _graph = BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, golden.ContextLength);
            RuntimeLimits limits = new() { MaxRows = golden.ContextLength, MaxOutputs = 16, MaxSequences = 1, MaxContext = golden.ContextLength, KvType = KvType.F32, Activations = ActivationPrecision.Float32 };
            _runtime = _backend.Build(new BackendRequest { Graph = _graph, Limits = limits, Team = _team, Quantizations = Matrix.Quantizations(), KvBudget = new FixedBudget() });
            _batch = new Batch(limits, _graph.CacheGroups.Count);
            _batch.PlannedTokens[0] = golden.ContextLength;
            for (int g = 0; g < _graph.CacheGroups.Count; g++)
            {
                Assert.True(_runtime.TryGrow(g, _batch.BlockTableLength));
                for (int i = 0; i < _batch.BlockTableLength; i++)
                    _batch.BlockTable(g, 0)[i] = _batch.BlockTableLength - 1 - i;
            }
        }

        /// <summary>Appends rows from a cache index on; the logits of the positions that are wanted.</summary>
        public float[][] Run(int first, int[] wanted, params int[] tokens)
        {
            _batch.Clear();
            for (int i = 0; i < tokens.Length; i++)
                _batch.Add(tokens[i], first + i, first + i, 0, wanted.Contains(first + i) ? RowOutputs.Logits : RowOutputs.None);
            _runtime.Submit(_batch);
            Assert.True(_runtime.Wait());
            return [.. Enumerable.Range(0, wanted.Length).Select(i => new ReadOnlySpan<float>(_runtime.Logits(i), _graph.VocabularySize).ToArray())];
        }

        public void Dispose()
        {
            _runtime.Dispose();
            _backend.Dispose();
            _batch.Dispose();
            _team.Dispose();
            _files.Dispose();
        }
    }
}
