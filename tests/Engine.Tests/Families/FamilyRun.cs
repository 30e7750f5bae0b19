using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;
using Tessera.Engine.Architectures;
using Tessera.Format.Gguf;
using Tessera.TestSupport.Families;

namespace Tessera.Engine.Tests.Families;

/// <summary>A tiny model from its GGUF file to logits, on the float64 interpreter.</summary>
internal sealed class FamilyRun : IDisposable
{
    public const int Context = 64;

    private readonly TestModelFiles _files;

    private readonly int _planned;

    public FamilyRun(byte[] gguf, int planned = 0)
    {
        _planned = planned;
        _files = TestModelFiles.Of(gguf);
        try
        {
            Source = new GgufFormat().Open(_files);
            Graph = BuiltIn.Find(Source.Metadata, BuiltIn.Architectures).Build(Source, Context);
        }
        catch
        {
            _files.Dispose();
            throw;
        }
    }

    public FamilyRun(TinyFamily model) : this(model.ToGguf(), model.Planned)
    {
    }

    /// <summary>The input of all tests: longer than the window, with repetitions.</summary>
    public static int[] Tokens { get; } = [3, 17, 25, 8, 39, 0, 12, 17, 30, 21, 5, 17, 36, 9];

    public ModelSource Source { get; }

    public ModelGraph Graph { get; }

    public float[][] Logits() => Logits(Graph, _planned);

    /// <summary>The logits of every token, by a graph over this model's weights.</summary>
    public static unsafe float[][] Logits(ModelGraph graph, int planned = 0)
    {
        RuntimeLimits limits = new() { MaxRows = Tokens.Length, MaxOutputs = Tokens.Length, MaxSequences = 1, MaxContext = Context };
        using InlineWorkTeam team = new();
        using IModelRuntime runtime = new ReferenceBackend().Build(new BackendRequest
        {
            Graph = graph,
            Limits = limits,
            Team = team,
            Quantizations = new QuantizationRegistry(new F32()),
            KvBudget = new FixedBudget(),
        });
        using Batch batch = new(limits, graph.CacheGroups.Count);
        for (int g = 0; g < graph.CacheGroups.Count; g++)
        {
            Assert.True(runtime.TryGrow(g, batch.BlockTableLength));
            for (int i = 0; i < batch.BlockTableLength; i++)
                batch.BlockTable(g, 0)[i] = i;
        }
        batch.PlannedTokens[0] = planned;
        for (int i = 0; i < Tokens.Length; i++)
            batch.Add(Tokens[i], i, i, 0, RowOutputs.Logits);
        runtime.Submit(batch);
        Assert.True(runtime.Wait());
        return [.. Enumerable.Range(0, Tokens.Length).Select(i => new ReadOnlySpan<float>(runtime.Logits(i), graph.VocabularySize).ToArray())];
    }

    /// <summary>The largest difference of two sets of logits.</summary>
    public static double Difference(float[][] found, double[][] expected)
    {
        Assert.Equal(expected.Select(row => row.Length), found.Select(row => row.Length));
        double largest = 0;
        for (int t = 0; t < found.Length; t++)
            for (int i = 0; i < found[t].Length; i++)
            {
                double difference = Math.Abs(found[t][i] - expected[t][i]);
                largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
            }
        return largest;
    }

    public void Dispose() => _files.Dispose();
}
