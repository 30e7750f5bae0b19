using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Conversion;

/// <summary>A folder whose rows whole super-blocks fill: its file really has the types of a mix, and what it loses is those types' rounding.</summary>
public sealed class SuperBlockTests(ConversionStack stack) : IClassFixture<ConversionStack>
{
    private const int Width = 256, Inner = 512, Layers = 4, Vocabulary = 288, Rows = 24;

    /// <summary>
    /// Each type's rounding of evenly spread values, relative to their root mean square: a step of the range's 15th, 31st or 63rd part loses its √12th part, the values have that part of the
    /// range; and a quarter more, as scales and minimums are rounded too.
    /// </summary>
    private static readonly Dictionary<string, double> Losses = new() { ["q4_k"] = 1.25 / 15, ["q5_k"] = 1.25 / 31, ["q6_k"] = 1.25 / 63 };

    [Theory]
    [InlineData("Q4_K_M", "q4_k", "q6_k")]
    [InlineData("Q5_K_M", "q5_k", "q6_k")]
    [InlineData("Q6_K", "q6_k")]
    public void A_mix_is_stored_in_its_types_and_has_the_logits_of_its_rounded_weights(string type, params string[] types)
    {
        using TemporaryTree folder = Folder();
        using TemporaryFile file = new(), rounded = new(), exact = new();
        WritePlan plan = stack.Convert(folder.Path, file.Path, type);
        Assert.Equal(types, plan.Tensors.Where(t => t.Shape.Length > 1).Select(t => t.Quantization).Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain(plan.Notes, n => n.Contains("instead of", StringComparison.Ordinal));
        stack.Convert(file.Path, rounded.Path, "F32");
        stack.Convert(folder.Path, exact.Path, null);
        HashSet<string> seen = [];
        foreach ((WeightTensor tensor, float[] values, float[] others) in stack.Rounded(file.Path, exact.Path))
        {
            seen.Add(tensor.Quantization);
            double loss = Math.Sqrt(values.Zip(others, (v, o) => Math.Pow((double)v - o, 2)).Sum() / others.Sum(o => Math.Pow(o, 2)));
            Assert.True(loss > 0 && loss < Losses[tensor.Quantization], $"{tensor.Name}, {tensor.Quantization}: {loss:E2} of {Losses[tensor.Quantization]:E2}");
        }
        Assert.Equal(types, seen.Order(StringComparer.Ordinal));
        int[] tokens = [.. Enumerable.Range(0, Rows).Select(i => (i * 37 + 11) % Vocabulary)];
        (int[], int)[] rows = [.. Enumerable.Range(0, Rows).Select(i => (tokens[..(i + 1)], i))];
        (double ofRounded, double size) = Difference(stack.Logits(file.Path, rows), stack.Logits(rounded.Path, rows));
        (double ofFolder, _) = Difference(stack.Logits(file.Path, rows), stack.Logits(folder.Path, rows));
        TestContext.Current.TestOutputHelper?.WriteLine($"{type}: logits of size {size:E2}, {ofFolder:E2} from the folder's, {ofRounded:E2} from those of the rounded weights");
        Assert.InRange(ofRounded, 0, 1e-5 * size);
        // Roundings of different matrices are independent: those of all products add up as squares.
        Assert.InRange(ofFolder, types.Min(t => Losses[t]) * size, Math.Sqrt(7 * Layers + 1) * types.Max(t => Losses[t]) * size);
    }

    // Root mean squares.
    private static (double Difference, double Size) Difference(List<float[]> found, List<float[]> expected)
    {
        Assert.Equal(Rows, found.Count);
        (float Found, float Expected)[] pairs = [.. found.Zip(expected).SelectMany(r => r.First.Zip(r.Second))];
        return (Math.Sqrt(pairs.Average(p => Math.Pow((double)p.Found - p.Expected, 2))), Math.Sqrt(pairs.Average(p => Math.Pow(p.Expected, 2))));
    }

    private static TemporaryTree Folder()
    {
        Random random = new(1);
        SafetensorsWriter writer = new();
        Matrix("model.embed_tokens.weight", Vocabulary, Width);
        Norm("model.norm.weight");
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"model.layers.{i}.";
            Norm($"{layer}input_layernorm.weight");
            Norm($"{layer}post_attention_layernorm.weight");
            foreach ((string name, int rows, int columns) in new[]
            {
                ("self_attn.q_proj", Width, Width), ("self_attn.k_proj", Width / 2, Width), ("self_attn.v_proj", Width / 2, Width), ("self_attn.o_proj", Width, Width),
                ("mlp.gate_proj", Inner, Width), ("mlp.up_proj", Inner, Width), ("mlp.down_proj", Width, Inner),
            })
                Matrix($"{layer}{name}.weight", rows, columns);
        }
        TemporaryTree folder = new();
        File.WriteAllBytes(folder["model.safetensors"], writer.ToBytes());
        File.WriteAllText(folder["config.json"], $$"""
            {"architectures": ["LlamaForCausalLM"], "vocab_size": {{Vocabulary}}, "hidden_size": {{Width}}, "intermediate_size": {{Inner}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": 4, "num_key_value_heads": 2,
            "max_position_embeddings": 128, "rms_norm_eps": 1e-5, "rope_theta": 10000, "hidden_act": "silu", "tie_word_embeddings": true}
            """);
        return folder;

        void Matrix(string name, int rows, int columns) => writer.Add(name, [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => (random.NextSingle() - 0.5f) * 0.2f)]);

        void Norm(string name) => writer.Add(name, [Width], [.. Enumerable.Repeat(1f, Width)]);
    }
}
