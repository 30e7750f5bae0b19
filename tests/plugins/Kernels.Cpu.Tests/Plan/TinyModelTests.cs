using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>The tiny models' recorded logits: the reference path is strict, the product's path as near as a reference that rounds activations itself.</summary>
public class TinyModelTests
{
    public static TheoryData<string> Names => [.. TinyGolden.Names];

    [Theory, MemberData(nameof(Names))]
    public void Reference_path_gives_the_recorded_logits_and_greedy_tokens(string name)
    {
        TinyGolden golden = TinyGolden.Require(name);
        using GgufModel model = new(golden.ModelPath, golden.ContextLength);
        double difference = LargestDifference(golden, model, ActivationPrecision.Float32, KvType.F32);
        Assert.True(difference <= golden.Tolerance, $"{name}: largest difference {difference}, allowed {golden.Tolerance}");

        using Session session = Start(golden, model, ActivationPrecision.Float32, KvType.F32);
        int[] next = golden.Prompt;
        int[] found = new int[golden.Greedy.Length];
        for (int i = 0; i < found.Length; i++)
        {
            float[] logits = Last(session, 0, next);
            found[i] = Array.IndexOf(logits, logits.Max());
            next = [found[i]];
        }
        Assert.Equal(golden.Greedy, found);
    }

    [Theory, MemberData(nameof(Names))]
    public void Product_path_is_near_the_recorded_logits(string name)
    {
        TinyGolden golden = TinyGolden.Require(name);
        using GgufModel model = new(golden.ModelPath, golden.ContextLength);
        double difference = LargestDifference(golden, model, ActivationPrecision.Fast, KvType.F16);
        double tolerance = 4 * golden.StoredDifference;
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {difference:F4} of {tolerance:F4}");
        Assert.True(difference <= tolerance, $"{name}: largest difference {difference}, allowed {tolerance}");
    }

    // The references' rotations follow their context, whatever a sequence needs of it.
    private static unsafe Session Start(TinyGolden golden, GgufModel model, ActivationPrecision activations, KvType kv)
    {
        Session session = new(model.Graph, Quantizations.With(), Session.Limits(activations, kv) with { MaxContext = golden.ContextLength }, lanes: 2);
        new Span<int>(session.Batch.PlannedTokens, session.Batch.MaxSequences).Fill(golden.ContextLength);
        return session;
    }

    private static double LargestDifference(TinyGolden golden, GgufModel model, ActivationPrecision activations, KvType kv)
    {
        using Session session = Start(golden, model, activations, kv);
        int slot = 0;
        return golden.LargestDifference([.. golden.Sequences.Select(s =>
        {
            float[][] found = session.Feed(slot++, s.Tokens, 160);
            return s.Positions.Select(p => found[p]).ToArray();
        })]);
    }

    private static float[] Last(Session session, int slot, int[] tokens)
    {
        session.Add(slot, tokens.AsSpan(..^1), RowOutputs.None);
        session.Add(slot, tokens.AsSpan(tokens.Length - 1));
        return session.Run()[0];
    }
}
