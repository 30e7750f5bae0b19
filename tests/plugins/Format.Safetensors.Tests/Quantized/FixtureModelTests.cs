using Tessera.Conformance.Fakes;
using Tessera.Engine.Architectures;
using Tessera.Engine.Evaluation;

namespace Tessera.Format.Safetensors.Tests.Quantized;

/// <summary>Every quantized folder of ../shared/fixtures/quantized-hf, from its own bytes.</summary>
public class FixtureModelTests
{
    // Activations of 8 bits and a cache of 16: relative to the logits' root mean square.
    private const double FastMean = 0.03;

    public static TheoryData<string> Names => [.. QuantizedGolden.Names];

    [Theory, MemberData(nameof(Names))]
    public void The_reference_path_has_the_recorded_logits_and_continuation(string name)
    {
        QuantizedGolden golden = QuantizedGolden.Require(name);
        using Model model = new(golden, ActivationPrecision.Float32, KvType.F32, rows: 160);
        (double largest, _) = model.Difference(golden);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {largest:E2} of {golden.Tolerance:E2}");
        Assert.InRange(largest, 0, golden.Tolerance);
        Assert.Equal(golden.Greedy.Tokens, model.Greedy(golden.Greedy.Prompt, golden.Greedy.Tokens.Length));
    }

    [Theory, MemberData(nameof(Names))]
    public void The_product_path_is_near_and_the_same_row_by_row(string name)
    {
        QuantizedGolden golden = QuantizedGolden.Require(name);
        using Model many = new(golden, ActivationPrecision.Fast, KvType.F16, rows: 160), one = new(golden, ActivationPrecision.Fast, KvType.F16, rows: 1);
        (double largest, double mean) = many.Difference(golden);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: largest {largest:E2}, mean {mean:E2} of the root mean square");
        foreach (string line in many.Kernels)
            TestContext.Current.TestOutputHelper?.WriteLine($"  {line}");
        Assert.InRange(mean, 0, FastMean);
        QuantizedGolden.Sequence sequence = golden.Sequences.First(s => s.Tokens.Length == 33);
        Assert.Equal(many.Logits(sequence), one.Logits(sequence));
    }

    [Fact]
    public void All_folders_are_there()
    {
        string folder = Shared.Require("fixtures", "quantized-hf");
        TestContext.Current.TestOutputHelper?.WriteLine($"quantized-hf: {QuantizedGolden.Names.Count} folders");
        Assert.Equal(21, QuantizedGolden.Names.Count);
        Assert.Equal(Directory.GetFiles(folder, "config.json", SearchOption.AllDirectories).Select(f => Path.GetFileName(Path.GetDirectoryName(f)!)).Order(StringComparer.Ordinal), QuantizedGolden.Names);
    }

    private sealed class Model : IDisposable
    {
        private readonly TestModelFiles _files;
        private readonly InlineWorkTeam _team = new(2);
        private readonly IModelRuntime _runtime;
        private readonly SequenceEvaluator _evaluator;

        public Model(QuantizedGolden golden, ActivationPrecision activations, KvType cache, int rows)
        {
            _files = TestModelFiles.OnDisk(golden.Folder);
            ModelSource source = new SafetensorsFormat().Open(_files);
            Assert.Empty(source.Metadata.Problems);
            ModelGraph graph = BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, 256);
            RuntimeLimits limits = new() { MaxRows = rows, MaxOutputs = rows, MaxSequences = 1, MaxContext = 256, Activations = activations, KvType = cache };
            _runtime = Quantizations.Backend.Build(new BackendRequest { Graph = graph, Limits = limits, Team = _team, Quantizations = Quantizations.All, KvBudget = new FixedBudget() });
            _evaluator = new SequenceEvaluator("fixture", graph, _runtime, limits);
        }

        /// <summary>The kernels of the first layer's matrices.</summary>
        public IEnumerable<string> Kernels => _runtime.Explain().Where(l => l.StartsWith("blk.0.", StringComparison.Ordinal) && l.Contains('[', StringComparison.Ordinal));

        public int[] Greedy(int[] prompt, int count) => _evaluator.Greedy(prompt, count);

        public float[][] Logits(QuantizedGolden.Sequence sequence)
        {
            Dictionary<int, float[]> found = [];
            _evaluator.Evaluate(sequence.Tokens, sequence.Positions, (position, logits) => found[position] = logits.ToArray());
            return [.. sequence.Positions.Select(p => found[p])];
        }

        /// <summary>The largest difference of a logit, and the mean one relative to the logits' root mean square.</summary>
        public (double Largest, double Mean) Difference(QuantizedGolden golden)
        {
            double largest = 0, sum = 0, squares = 0;
            long count = 0;
            foreach (QuantizedGolden.Sequence sequence in golden.Sequences)
            {
                float[][] found = Logits(sequence);
                for (int row = 0; row < found.Length; row++)
                {
                    Assert.Equal(sequence.Logits[row].Length, found[row].Length);
                    for (int i = 0; i < found[row].Length; i++, count++)
                    {
                        double difference = Math.Abs(sequence.Logits[row][i] - found[row][i]);
                        largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
                        (sum, squares) = (sum + difference, squares + sequence.Logits[row][i] * sequence.Logits[row][i]);
                    }
                }
            }
            Assert.True(count > 0, "no logits are recorded");
            return (largest, sum / count / Math.Sqrt(squares / count));
        }

        public void Dispose()
        {
            _evaluator.Dispose();
            _runtime.Dispose();
            _team.Dispose();
            _files.Dispose();
        }
    }
}
