using System.Text.Json;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.TinyModels;

/// <summary><c>tessera logits</c> against the recorded logits (../shared/fixtures/tiny-models/README.md).</summary>
public sealed class TinyModelTests
{
    private const int Sequences = 4, Rows = 10, Steps = 32;

    public static TheoryData<string> Names => ["llama_gqa", "llama_q4_0", "llama_q4_k_m", "llama_q8_0", "llama_rope_linear", "llama_rope_yarn", "llama3_rope_freqs"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_reference_path_has_the_recorded_logits_and_continuation(string name)
    {
        Golden golden = Golden.Require(name);
        JsonElement[] answers = await golden.AskAsync("float32");
        double largest = golden.LargestDifference(answers);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {largest:E2} of {golden.Tolerance:E2}");
        Assert.InRange(largest, 0, golden.Tolerance);
        Assert.Equal(Steps, golden.Greedy.Length);
        Assert.Equal(golden.Greedy, Golden.Integers(answers[^1].GetProperty("greedy")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_product_path_is_near_the_recorded_logits(string name)
    {
        Golden golden = Golden.Require(name);
        double largest = golden.LargestDifference(await golden.AskAsync("fast"));
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {largest:E2} of {4 * golden.StoredDifference:E2}");
        Assert.InRange(largest, 0, 4 * golden.StoredDifference);
    }

    /// <summary>A fixture's questions and answers.</summary>
    private sealed class Golden
    {
        private readonly string _model;
        private readonly JsonElement _root;

        private Golden(string model, JsonElement root) => (_model, _root) = (model, root);

        public double Tolerance => _root.GetProperty("suggested_abs_tolerance").GetProperty("logits").GetDouble();

        public double StoredDifference => _root.GetProperty("stored_file").GetProperty("max_abs_diff").GetDouble();

        public int[] Greedy => Integers(_root.GetProperty("greedy").GetProperty("tokens"));

        public static Golden Require(string name) => new(
            Shared.Require("fixtures", "tiny-models", name + ".gguf"),
            JsonElement.Parse(File.ReadAllBytes(Shared.Require("fixtures", "tiny-models", name + ".logits.json"))));

        /// <summary>One line for each sequence, the last one for the greedy continuation.</summary>
        public Task<JsonElement[]> AskAsync(string activations)
        {
            List<string> lines = [.. _root.GetProperty("sequences").EnumerateArray().Select(s => $$"""{"tokens": {{Line(s.GetProperty("tokens"))}}, "positions": {{Line(s.GetProperty("positions"))}}}""")];
            lines.Add($$"""{"tokens": {{Line(_root.GetProperty("greedy").GetProperty("prompt"))}}, "positions": [], "greedy": {{Steps}}}""");
            return TesseraProcess.AskAsync(lines, "logits", _model, "--activations", activations, "--context", _root.GetProperty("n_ctx").GetRawText());
        }

        public double LargestDifference(JsonElement[] answers)
        {
            JsonElement[] sequences = [.. _root.GetProperty("sequences").EnumerateArray()];
            Assert.Equal(Sequences, sequences.Length);
            double largest = 0;
            int rows = 0;
            for (int i = 0; i < sequences.Length; i++)
            {
                JsonElement expected = sequences[i].GetProperty("logits"), found = answers[i].GetProperty("logits");
                Assert.Equal(expected.GetArrayLength(), found.GetArrayLength());
                for (int row = 0; row < expected.GetArrayLength(); row++, rows++)
                {
                    Assert.Equal(expected[row].GetArrayLength(), found[row].GetArrayLength());
                    largest = Math.Max(largest, expected[row].EnumerateArray().Zip(found[row].EnumerateArray(), (a, b) => Math.Abs(a.GetDouble() - b.GetDouble())).Max());
                }
            }
            Assert.Equal(Rows, rows);
            return largest;
        }

        public static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];

        private static string Line(JsonElement array) => $"[{string.Join(',', Integers(array))}]";
    }
}
