using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Graphs;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;
using Tessera.Engine.Architectures;

namespace Tessera.Format.Safetensors.Tests.Families;

/// <summary>A tiny model from its files to logits, on the float64 interpreter.</summary>
internal static class TinyRun
{
    public const int Context = 64;

    // Longer than the window, with repetitions.
    private static readonly int[] Tokens = [3, 17, 25, 8, 39, 0, 12, 17, 30, 21, 5, 17, 36, 9];

    /// <summary>The logits of every token.</summary>
    public static unsafe float[][] Logits(ModelSource source)
    {
        Assert.Empty(source.Metadata.Problems);
        ModelGraph graph = BuiltIn.Find(source.Metadata, BuiltIn.Architectures).Build(source, Context);
        RuntimeLimits limits = new() { MaxRows = Tokens.Length, MaxOutputs = Tokens.Length, MaxSequences = 1, MaxContext = Context };
        using InlineWorkTeam team = new();
        using IModelRuntime runtime = new ReferenceBackend().Build(new BackendRequest { Graph = graph, Limits = limits, Team = team, Quantizations = Quantized.Quantizations.All, KvBudget = new FixedBudget() });
        using Batch batch = new(limits, graph.CacheGroups.Count);
        for (int g = 0; g < graph.CacheGroups.Count; g++)
        {
            Assert.True(runtime.TryGrow(g, batch.BlockTableLength));
            for (int i = 0; i < batch.BlockTableLength; i++)
                batch.BlockTable(g, 0)[i] = i;
        }
        for (int i = 0; i < Tokens.Length; i++)
            batch.Add(Tokens[i], i, i, 0, RowOutputs.Logits);
        runtime.Submit(batch);
        Assert.True(runtime.Wait());
        return [.. Enumerable.Range(0, Tokens.Length).Select(i => new ReadOnlySpan<float>(runtime.Logits(i), graph.VocabularySize).ToArray())];
    }

    /// <summary>The largest difference of two sets of logits.</summary>
    public static double Difference(float[][] found, float[][] expected)
    {
        Assert.Equal(expected.Select(row => row.Length), found.Select(row => row.Length));
        double largest = 0;
        for (int t = 0; t < found.Length; t++)
            for (int i = 0; i < found[t].Length; i++)
                largest = float.IsFinite(found[t][i]) ? Math.Max(largest, Math.Abs(found[t][i] - expected[t][i])) : double.PositiveInfinity;
        return largest;
    }
}
