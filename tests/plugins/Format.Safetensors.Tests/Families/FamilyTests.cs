using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tessera.Abstractions;
using Tessera.Format.Gguf;
using Tessera.Format.Safetensors.Families;
using Tessera.TestSupport.Families;

namespace Tessera.Format.Safetensors.Tests.Families;

/// <summary>Each family from a folder has the logits that it has from a GGUF file, whose graph is checked against the family's paper elsewhere.</summary>
public sealed partial class FamilyTests
{
    // Both are computed in float64; what is stored as w − 1 in float32 loses a bit.
    private const double Tolerance = 2e-5;

    public static TheoryData<string> Names => [.. HfCases.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Folder_and_file_have_the_same_logits(string name)
    {
        HfCase it = Find(name);
        using TestModelFiles file = TestModelFiles.Of(it.ToGguf());
        float[][] expected = TinyRun.Logits(new GgufFormat().Open(file));
        double largest = TinyRun.Difference(Logits(it.ToFolder(), out ModelSource source), expected);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {largest:E2}");
        Assert.InRange(largest, 0, Tolerance);
        Assert.All(source.Warnings, w => Assert.Contains("unused.", w, StringComparison.Ordinal));
        Assert.All(source.Tensors, t => Assert.NotNull(t.StoredName));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_tensor_that_is_missing_is_named_by_its_own_name(string name)
    {
        HfCase it = Find(name);
        (string Name, byte[] Bytes)[] folder = it.ToFolder();
        using TestModelFiles whole = Folder(folder);
        // Layers are alike, and so are experts: of both the last.
        string last = $"layers.{TinyFamilies.Find(it.Tiny).LayerCount - 1}.";
        string[] needed = [.. SafetensorsFile.Read(whole.TryOpen("model.safetensors")!).Tensors.Select(t => t.Name)
            .Where(n => !n.StartsWith("unused.", StringComparison.Ordinal) && (!n.Contains("layers.", StringComparison.Ordinal) || n.Contains(last, StringComparison.Ordinal)) && !OtherExpert().IsMatch(n))];
        Assert.True(needed.Length > 8, $"{needed.Length} tensors");
        foreach (string tensor in needed)
        {
            using TestModelFiles files = Folder(it.ToFolder(n => n == tensor ? "renamed" : n));
            ModelSource source = new SafetensorsFormat().Open(files);
            Assert.Contains(Expected(tensor, it.Tiny), Assert.Single(source.Metadata.Problems), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("cohere2", "AyaVisionForConditionalGeneration", "cohere2", "language_model.")]
    [InlineData("gemma3", "Gemma3ForConditionalGeneration", "gemma3_text", "language_model.")]
    [InlineData("glm4", "Glm4vForConditionalGeneration", "glm4v_text", "model.language_model.")]
    [InlineData("llama", "Idefics3ForConditionalGeneration", "llama", "model.text_model.")]
    [InlineData("qwen2", "InternVLForConditionalGeneration", "qwen2", "model.language_model.")]
    [InlineData("qwen3 moe", "InternVLForConditionalGeneration", "qwen3_moe", "language_model.")]
    [InlineData("llama", "LlavaNextForConditionalGeneration", "llama", "language_model.")]
    [InlineData("mistral", "LlavaNextForConditionalGeneration", "mistral", "model.language_model.")]
    [InlineData("qwen2", "Qwen2VLForConditionalGeneration", "qwen2_vl_text", "model.")]
    [InlineData("qwen3", "Qwen3VLForConditionalGeneration", "qwen3_vl_text", "model.language_model.")]
    [InlineData("llama", "SmolVLMForConditionalGeneration", "llama", "model.text_model.")]
    [InlineData("mistral", "Mistral3ForConditionalGeneration", "mistral", "language_model.")]
    [InlineData("llama", "LlavaForConditionalGeneration", "llama", "language_model.")]
    [InlineData("qwen2", "Qwen2_5_VLForConditionalGeneration", "qwen2_5_vl_text", "model.language_model.")]
    public void The_text_part_of_a_multimodal_model_runs(string name, string className, string type, string prefix)
    {
        HfCase it = Find(name);
        using TestModelFiles file = TestModelFiles.Of(it.ToGguf());
        float[][] expected = TinyRun.Logits(new GgufFormat().Open(file));
        float[][] found = Logits(it.ToFolder(
            n => prefix == "language_model." ? prefix + n : n.Replace("model.", prefix, StringComparison.Ordinal),
            config => Wrap(config, className, type)), out _);
        Assert.InRange(TinyRun.Difference(found, expected), 0, Tolerance);
    }

    [Fact]
    public void Every_multimodal_class_is_among_those_that_run() =>
        Assert.Equal(TextParts.Wrappers.Keys.Order(StringComparer.Ordinal),
            typeof(FamilyTests).GetMethod(nameof(The_text_part_of_a_multimodal_model_runs))!.GetCustomAttributes(typeof(InlineDataAttribute), false).Select(a => (string)((InlineDataAttribute)a).Data[1]!).Distinct().Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("Mistral3ForConditionalGeneration", "pixtral_text", "ministral3, mistral, mixtral")]
    [InlineData("Qwen3VLForConditionalGeneration", "qwen3_vl_moe_text", "expected qwen3_vl_text, found")]
    [InlineData("LlavaForConditionalGeneration", "bert", "qwen2, qwen2_5_vl_text")]
    public void A_text_part_of_another_type_is_named_with_those_that_there_are(string className, string type, string listed)
    {
        string problem = Folders.Problem("mistral", c => Wrap(c, className, type));
        Assert.Contains($"text_config.model_type", problem, StringComparison.Ordinal);
        Assert.Contains($"'{type}'", problem, StringComparison.Ordinal);
        Assert.Contains(listed, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Queries_that_grow_with_their_position_are_refused_and_without_them_Ministral_is_Mistral()
    {
        HfCase it = Find("mistral");
        using TestModelFiles file = TestModelFiles.Of(it.ToGguf());
        float[][] expected = TinyRun.Logits(new GgufFormat().Open(file)), found = Logits(it.ToFolder(config: c => Ministral(c, "0")), out _);
        Assert.InRange(TinyRun.Difference(found, expected), 0, Tolerance);
        Assert.Contains("llama_4_scaling_beta", Folders.Problem("mistral", c => Ministral(c, "0.1")), StringComparison.Ordinal);
        Assert.Contains("llama_4_scaling_beta", Folders.Problem("mistral", c => c["architectures"] = new JsonArray("Ministral3ForCausalLM")), StringComparison.Ordinal);

        static void Ministral(JsonObject config, string beta)
        {
            config["rope_parameters"] = JsonNode.Parse($$"""{"rope_type": "default", "rope_theta": {{config["rope_theta"]!.ToJsonString()}}, "llama_4_scaling_beta": {{beta}}}""");
            Wrap(config, "Mistral3ForConditionalGeneration", "ministral3");
        }
    }

    private static void Wrap(JsonObject config, string className, string type)
    {
        JsonObject text = (JsonObject)config.DeepClone();
        config.Clear();
        text.Remove("architectures");
        text["model_type"] = type;
        config["architectures"] = new JsonArray(className);
        config["text_config"] = text;
    }

    [Fact]
    public void An_unknown_class_is_an_error_that_lists_the_known_ones()
    {
        using TestModelFiles files = Folder(Find("llama").ToFolder(config: c => c["architectures"] = new JsonArray("LlambaForCausalLM")));
        string problem = Assert.Single(new SafetensorsFormat().Open(files).Metadata.Problems);
        Assert.Contains("LlambaForCausalLM", problem, StringComparison.Ordinal);
        foreach (string known in new[] { "LlamaForCausalLM", "Gemma3ForConditionalGeneration", "DeepseekV3ForCausalLM" })
            Assert.Contains(known, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_family_of_tiny_models_has_a_folder() =>
        Assert.Equal(
            TinyFamilies.All.Concat(TinyMixtures.All).Select(t => t.Architecture).Distinct().Order(StringComparer.Ordinal),
            HfCases.All.Select(c => TinyFamilies.Find(c.Tiny).Architecture).Distinct().Order(StringComparer.Ordinal));

    [GeneratedRegex(@"experts\.[0-2]\.")]
    private static partial Regex OtherExpert();

    private static HfCase Find(string name) => HfCases.All.Single(c => c.Name == name);

    // The alternatives that a folder may have are tried first; then the plain name is the one that is missed.
    private static string Expected(string tensor, string tiny) =>
        tensor.Contains("switch_mlp.gate_proj", StringComparison.Ordinal) ? "block_sparse_moe.experts.0.w1.weight"
        : tensor == "model.layers.0.mlp.gate.weight" || tensor == "model.layers.1.mlp.gate.weight" ? "gate.weight"
        : tensor.EndsWith("experts.gate_up_proj", StringComparison.Ordinal) ? tiny.StartsWith("gpt-oss", StringComparison.Ordinal) ? $"{tensor}.weight" : "experts.0."
        : tensor.EndsWith("mlp.experts.gate_proj.weight", StringComparison.Ordinal) ? "mlp.experts.gate_up_proj.weight"
        : tensor;

    private static float[][] Logits((string Name, byte[] Bytes)[] folder, out ModelSource source)
    {
        using TestModelFiles files = Folder(folder);
        source = new SafetensorsFormat().Open(files);
        return TinyRun.Logits(source);
    }

    private static TestModelFiles Folder((string Name, byte[] Bytes)[] files) => TestModelFiles.Folder("folder", files);
}
