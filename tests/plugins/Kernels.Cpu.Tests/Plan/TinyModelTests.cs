using System.Text.Json;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>The tiny models' recorded logits: the reference path is strict, the product's path as near as a reference that rounds activations itself.</summary>
public class TinyModelTests
{
    public static TheoryData<string> Names =>
        ["llama_gqa", "llama_q4_0", "llama_q4_k_m", "llama_q8_0", "llama_rope_linear", "llama_rope_yarn", "llama3_rope_freqs"];

    [Theory, MemberData(nameof(Names))]
    public void Reference_path_gives_the_recorded_logits_and_greedy_tokens(string name)
    {
        using JsonDocument golden = Golden(name);
        JsonElement root = golden.RootElement;
        using GgufModel model = new(Shared.Require("fixtures", "tiny-models", name + ".gguf"), root.GetProperty("n_ctx").GetInt32());
        double difference = LargestDifference(root, model, ActivationPrecision.Float32, KvType.F32);
        double tolerance = root.GetProperty("suggested_abs_tolerance").GetProperty("logits").GetDouble();
        Assert.True(difference <= tolerance, $"{name}: largest difference {difference}, allowed {tolerance}");

        JsonElement greedy = root.GetProperty("greedy");
        int[] expected = Ints(greedy.GetProperty("tokens"));
        Assert.Equal(32, expected.Length);
        using Session session = new(model.Graph, Quantizations.With(), Limits(root, ActivationPrecision.Float32, KvType.F32), lanes: 2);
        int[] next = Ints(greedy.GetProperty("prompt"));
        int[] found = new int[expected.Length];
        for (int i = 0; i < found.Length; i++)
        {
            float[] logits = Last(session, 0, next);
            found[i] = Array.IndexOf(logits, logits.Max());
            next = [found[i]];
        }
        Assert.Equal(expected, found);
    }

    [Theory, MemberData(nameof(Names))]
    public void Product_path_is_near_the_recorded_logits(string name)
    {
        using JsonDocument golden = Golden(name);
        JsonElement root = golden.RootElement;
        using GgufModel model = new(Shared.Require("fixtures", "tiny-models", name + ".gguf"), root.GetProperty("n_ctx").GetInt32());
        double difference = LargestDifference(root, model, ActivationPrecision.Fast, KvType.F16);
        double tolerance = 4 * root.GetProperty("stored_file").GetProperty("max_abs_diff").GetDouble();
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {difference:F4} of {tolerance:F4}");
        Assert.True(difference <= tolerance, $"{name}: largest difference {difference}, allowed {tolerance}");
    }

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Shared.Require("fixtures", "tiny-models", name + ".logits.json")));

    private static RuntimeLimits Limits(JsonElement root, ActivationPrecision activations, KvType kv) =>
        Session.Limits(activations, kv) with { MaxContext = root.GetProperty("n_ctx").GetInt32() };

    private static double LargestDifference(JsonElement root, GgufModel model, ActivationPrecision activations, KvType kv)
    {
        using Session session = new(model.Graph, Quantizations.With(), Limits(root, activations, kv), lanes: 2);
        double largest = 0;
        int slot = 0, rows = 0;
        foreach (JsonElement sequence in root.GetProperty("sequences").EnumerateArray())
        {
            float[][] found = session.Feed(slot++, Ints(sequence.GetProperty("tokens")), 160);
            int[] positions = Ints(sequence.GetProperty("positions"));
            for (int i = 0; i < positions.Length; i++, rows++)
            {
                float[] expected = [.. sequence.GetProperty("logits")[i].EnumerateArray().Select(v => v.GetSingle())];
                Assert.Equal(expected.Length, found[positions[i]].Length);
                for (int j = 0; j < expected.Length; j++)
                    largest = Math.Max(largest, double.IsNaN(found[positions[i]][j]) ? double.PositiveInfinity : Math.Abs((double)expected[j] - found[positions[i]][j]));
            }
        }
        // The sequence of 7 tokens has all positions, the three others their last one.
        Assert.Equal(10, rows);
        return largest;
    }

    private static float[] Last(Session session, int slot, int[] tokens)
    {
        session.Add(slot, tokens.AsSpan(..^1), RowOutputs.None);
        session.Add(slot, tokens.AsSpan(tokens.Length - 1));
        return session.Run()[0];
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetInt32())];
}
