using Tessera.Conformance.Fakes;
using Tessera.Conformance.Interpreter;

namespace Tessera.Engine.Tests.Families;

/// <summary>A whole sequence with token types through a graph that pools, on the float64 interpreter.</summary>
internal static class EncoderRun
{
    /// <summary>Each token's type: a first text and a second one.</summary>
    public static int[] Types { get; } = [.. FamilyRun.Tokens.Select((_, i) => i < 6 ? 0 : 1)];

    /// <summary>The pooled vector and the hidden states of all tokens.</summary>
    public static unsafe (float[] Pooled, float[][] Hidden) Of(ModelGraph graph)
    {
        int[] tokens = FamilyRun.Tokens;
        RuntimeLimits limits = new() { MaxRows = tokens.Length, MaxOutputs = tokens.Length, MaxSequences = 1, MaxContext = FamilyRun.Context };
        using InlineWorkTeam team = new();
        using var runtime = (IPoolingRuntime)new ReferenceBackend().Build(new BackendRequest
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
        for (int i = 0; i < tokens.Length; i++)
            batch.Add(tokens[i], i, i, 0, RowOutputs.Hidden | (i == tokens.Length - 1 ? RowOutputs.Pooled : RowOutputs.None), Types[i]);
        runtime.Submit(batch);
        Assert.True(runtime.Wait());
        return (new ReadOnlySpan<float>(runtime.Pooled(0), graph.Pooled!.Width).ToArray(), [.. Enumerable.Range(0, tokens.Length).Select(i => new ReadOnlySpan<float>(runtime.Hidden(i), graph.Hidden.Width).ToArray())]);
    }
}
