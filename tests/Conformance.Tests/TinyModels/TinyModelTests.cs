using System.Text.Json;
using Tessera.Conformance.Ledger;

namespace Tessera.Conformance.Tests.TinyModels;

/// <summary>The interpreter against recorded logits of small random models; see the fixtures' README.</summary>
public sealed class TinyModelTests
{
    [Theory]
    [InlineData("llama_gqa")]
    [InlineData("llama_q4_0")]
    [InlineData("llama_q4_k_m")]
    [InlineData("llama_q8_0")]
    [InlineData("llama_rope_linear")]
    [InlineData("llama_rope_yarn")]
    [InlineData("llama3_rope_freqs")]
    public void Logits_and_greedy_tokens_are_the_recorded_ones(string name)
    {
        string model = Shared.Require("fixtures", "tiny-models", name + ".gguf");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Shared.Require("fixtures", "tiny-models", name + ".logits.json")));
        JsonElement root = golden.RootElement;
        double tolerance = root.GetProperty("suggested_abs_tolerance").GetProperty("logits").GetDouble();
        using TinyModel tiny = new(model, root.GetProperty("n_ctx").GetInt32());
        Assert.Equal(root.GetProperty("n_vocab").GetInt32(), tiny.VocabularySize);

        List<string> wrong = [];
        double largest = 0;
        int rows = 0, sequences = 0;
        foreach (JsonElement sequence in root.GetProperty("sequences").EnumerateArray())
        {
            float[][] logits = tiny.Run(0, Ints(sequence.GetProperty("tokens")));
            int[] positions = Ints(sequence.GetProperty("positions"));
            for (int p = 0; p < positions.Length; p++, rows++)
            {
                double difference = Difference(sequence.GetProperty("logits")[p], logits[positions[p]]);
                largest = Math.Max(largest, difference);
                if (!(difference <= tolerance))
                    wrong.Add($"{logits.Length} tokens, position {positions[p]}: {difference:g3}");
            }
            sequences++;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: largest difference {largest:g3} over {rows} rows (tolerance {tolerance:g3})");
        Assert.True(wrong.Count == 0, string.Join("; ", wrong.Take(5)));
        Assert.Equal((4, 10), (sequences, rows));
        Assert.Equal(Ints(root.GetProperty("greedy").GetProperty("tokens")), Greedy(tiny, Ints(root.GetProperty("greedy").GetProperty("prompt")), 32));
    }

    private static int[] Greedy(TinyModel tiny, int[] prompt, int count)
    {
        List<int> tokens = [LedgerModel.Best(tiny.Run(0, prompt)[^1])];
        while (tokens.Count < count)
            tokens.Add(LedgerModel.Best(tiny.Run(prompt.Length + tokens.Count - 1, tokens[^1])[0]));
        return [.. tokens];
    }

    private static double Difference(JsonElement expected, float[] found)
    {
        Assert.Equal(expected.GetArrayLength(), found.Length);
        double largest = 0;
        int i = 0;
        foreach (JsonElement value in expected.EnumerateArray())
        {
            double difference = Math.Abs(value.GetDouble() - found[i++]);
            largest = difference > largest || double.IsNaN(difference) ? difference : largest;
        }
        return largest;
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
