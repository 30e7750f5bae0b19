using System.Text.Json;
using Xunit;

namespace Tessera.TestSupport;

/// <summary>Recorded logits of a small random model (../shared/fixtures/tiny-models/README.md); where there are logits with the exact GELU, these.</summary>
public sealed class TinyGolden
{
    private const string ExactGelu = "logits_exact_gelu", Plain = "logits";
    private readonly JsonElement _root;

    private TinyGolden(string name, JsonElement root)
    {
        (Name, _root) = (name, root);
        ModelPath = Shared.Require("fixtures", "tiny-models", root.GetProperty("model").GetString()!);
        JsonElement tolerances = root.GetProperty("suggested_abs_tolerance");
        string logits = tolerances.TryGetProperty(ExactGelu, out JsonElement tolerance) ? ExactGelu : Plain;
        Tolerance = (logits == ExactGelu ? tolerance : tolerances.GetProperty(Plain)).GetDouble();
        Sequences = [.. root.GetProperty("sequences").EnumerateArray().Select(s => new Sequence(
            Integers(s.GetProperty("tokens")),
            Integers(s.GetProperty("positions")),
            [.. s.GetProperty(logits).EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetDouble()).ToArray())]))];
        // The README's four lengths; the sequence of 7 tokens has all positions, the others their last one.
        Assert.Equal([1, 7, 33, 130], Sequences.Select(s => s.Tokens.Length).Order());
        Assert.Equal(10, Sequences.Sum(s => s.Positions.Length));
        Assert.All(Sequences, s => Assert.All(s.Logits, row => Assert.Equal(VocabularySize, row.Length)));
        Assert.Equal(32, Greedy.Length);
    }

    /// <summary>Every fixture's name.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "gemma2", "llama3_rope_freqs", "llama_gqa", "llama_mixed_quants_1", "llama_mixed_quants_2", "llama_moe", "llama_q4_0", "llama_q4_k_m", "llama_q8_0",
        "llama_rope_linear", "llama_rope_yarn", "phi3", "phi3.long", "qwen2", "qwen3",
    ];

    /// <summary>The fixture's name.</summary>
    public string Name { get; }

    /// <summary>The model's file.</summary>
    public string ModelPath { get; }

    /// <summary>The context that the reference was given.</summary>
    public int ContextLength => _root.GetProperty("n_ctx").GetInt32();

    /// <summary>The number of logits.</summary>
    public int VocabularySize => _root.GetProperty("n_vocab").GetInt32();

    /// <summary>The largest difference of a logit that float32 arithmetic on expanded weights may have.</summary>
    public double Tolerance { get; }

    /// <summary>How far the reference itself moves when it rounds activations.</summary>
    public double StoredDifference => _root.GetProperty("stored_file").GetProperty("max_abs_diff").GetDouble();

    /// <summary>The recorded sequences.</summary>
    public IReadOnlyList<Sequence> Sequences { get; }

    /// <summary>The prompt of the greedy continuation.</summary>
    public int[] Prompt => Integers(_root.GetProperty("greedy").GetProperty("prompt"));

    /// <summary>The greedy continuation.</summary>
    public int[] Greedy => Integers(_root.GetProperty("greedy").GetProperty("tokens"));

    /// <summary>Reads a fixture, or skips the test where there are none.</summary>
    public static TinyGolden Require(string name) =>
        new(name, JsonElement.Parse(File.ReadAllBytes(Shared.Require("fixtures", "tiny-models", name + ".logits.json"))));

    /// <summary>Fails where the folder has a fixture that the names do not have, or the other way round.</summary>
    public static void RequireAllNamed()
    {
        string folder = Shared.Require("fixtures", "tiny-models");
        const string Suffix = ".logits.json";
        Assert.Equal(Names.Order(StringComparer.Ordinal), Directory.GetFiles(folder, "*" + Suffix).Select(f => Path.GetFileName(f)[..^Suffix.Length]).Order(StringComparer.Ordinal));
    }

    /// <summary>The largest difference over all recorded rows.</summary>
    /// <param name="found">For each sequence, the logits at its recorded positions.</param>
    public double LargestDifference(IReadOnlyList<IReadOnlyList<float[]>> found)
    {
        Assert.Equal(Sequences.Count, found.Count);
        double largest = 0;
        for (int s = 0; s < found.Count; s++)
        {
            Assert.Equal(Sequences[s].Logits.Length, found[s].Count);
            for (int row = 0; row < found[s].Count; row++)
                for (int i = 0; i < VocabularySize; i++)
                {
                    double difference = Math.Abs(Sequences[s].Logits[row][i] - found[s][row][i]);
                    largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
                }
        }
        return largest;
    }

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetInt32())];

    /// <summary>One recorded sequence.</summary>
    /// <param name="Tokens">The whole input.</param>
    /// <param name="Positions">The positions that are recorded.</param>
    /// <param name="Logits">The logits at each.</param>
    public sealed record Sequence(int[] Tokens, int[] Positions, double[][] Logits);
}
