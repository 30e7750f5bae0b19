using System.Text.Json;
using Tessera.Acceptance.Tests.Stack;

namespace Tessera.Acceptance.Tests.Quantizations;

/// <summary>A model of each type through the packages of the host, beside the same model in float32.</summary>
public sealed class TypeModelTests(TypeModels models) : IClassFixture<TypeModels>
{
    // Relative to the logits; the types' own rounding is in both models. What is left is the rounding of sums; on the product's path also of the
    // cache to halves, and with the types that multiply bytes of activations to 1/127 of the largest of 32, or of 256.
    private const double Sums = 1e-5;
    private const double Floats = 2e-3;
    private const double Int8 = 0.04;
    private const double Int8By256 = 0.06;

    /// <summary>Each type, and how near the product's path is.</summary>
    private static readonly Dictionary<string, double> Bounds = new()
    {
        ["f32"] = Floats, ["f16"] = Floats, ["bf16"] = Floats,
        ["q4_0"] = Int8, ["q4_1"] = Int8, ["q5_0"] = Int8, ["q5_1"] = Int8, ["q8_0"] = Int8, ["q8_1"] = Int8,
        ["q2_k"] = Int8By256, ["q3_k"] = Int8By256, ["q4_k"] = Int8By256, ["q5_k"] = Int8By256, ["q6_k"] = Int8By256, ["q8_k"] = Int8,
        ["iq1_s"] = Int8, ["iq1_m"] = Int8, ["iq2_xxs"] = Int8, ["iq2_xs"] = Int8, ["iq2_s"] = Int8, ["iq3_xxs"] = Int8, ["iq3_s"] = Int8,
        ["iq4_nl"] = Int8, ["iq4_xs"] = Int8, ["tq1_0"] = Int8, ["tq2_0"] = Int8, ["mxfp4"] = Int8, ["nvfp4"] = Int8, ["q1_0"] = Int8, ["q2_0"] = Int8,
        ["f8_e4m3"] = Floats, ["f8_e5m2"] = Floats, ["nf4"] = Floats,
    };

    /// <summary>Types that no GGUF holds: those whose weights stand in several tensors, which the quantized folders run, and the numbers of safetensors.</summary>
    private static readonly string[] OfFolders =
    [
        "awq4", "bnb_fp4", "bnb_int8", "bnb_nf4", "ct_int8", "ct_packed4", "ct_packed8", "gptq2", "gptq3", "gptq4", "gptq8",
        "mlx_affine2", "mlx_affine3", "mlx_affine4", "mlx_affine5", "mlx_affine6", "mlx_affine8", "mx_fp4", "mx_fp8", "nv_fp4",
        "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool", "f32_transposed", "f16_transposed", "bf16_transposed",
    ];

    public static TheoryData<string> Types => [.. Bounds.Keys];

    [Theory, MemberData(nameof(Types))]
    public void A_model_of_the_type_runs_as_its_values_do(string type)
    {
        SeededModel model = new() { Type = type };
        Answer expected = models.Ask(model with { Dequantized = true }, ActivationPrecision.Float32);
        Answer reference = models.Ask(model, ActivationPrecision.Float32), product = models.Ask(model, ActivationPrecision.Fast);
        double exact = expected.Difference(reference), near = expected.Difference(product);
        TestContext.Current.TestOutputHelper?.WriteLine($"{type}: reference path {exact:E2}, product path {near:E2}");
        Assert.InRange(exact, 0, Sums);
        Assert.Equal(expected.Next, reference.Next);
        Assert.InRange(near, 0, Bounds[type]);
        Assert.NotEqual(0, near);
        Assert.Contains(product.Explanation, line => line.Contains($"] {type}: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Types_that_only_the_file_names_mix_and_generate()
    {
        SeededModel model = new() { Type = "f8_e4m3", MoreTypes = ["nf4", "f8_e5m2", "q8_0"], Layers = 3 };
        Answer expected = models.Ask(model with { Dequantized = true }, ActivationPrecision.Float32), reference = models.Ask(model, ActivationPrecision.Float32);
        Assert.InRange(expected.Difference(reference), 0, Sums);
        Assert.Equal(expected.Next, reference.Next);
        Assert.Equal(expected.Next, await models.GenerateAsync(model));
        string[] quantized = [.. models.Ask(model, ActivationPrecision.Fast).Explanation];
        foreach (string type in model.MoreTypes.Append(model.Type))
            Assert.Contains(quantized, line => line.Contains($"] {type}: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_type_of_every_package_has_a_row()
    {
        SortedSet<string> provided = [];
        foreach (string manifest in Directory.EnumerateFiles(Path.Combine(HostFolder.Path, "plugins"), "plugin.json", SearchOption.AllDirectories))
            provided.UnionWith(JsonElement.Parse(File.ReadAllBytes(manifest)).GetProperty("provides").EnumerateArray()
                .Where(p => p.GetProperty("kind").GetString() == "IQuantization").Select(p => p.GetProperty("name").GetString()!));
        Assert.Equal(provided, Bounds.Keys.Concat(OfFolders).Order(StringComparer.Ordinal));
        Assert.Equal(QuantizedBlocks.All.Select(t => t.Type).Order(StringComparer.Ordinal), Bounds.Keys.Except(["f8_e4m3", "f8_e5m2", "nf4"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_type_of_the_reference_data_has_a_row()
    {
        JsonElement index = JsonElement.Parse(File.ReadAllBytes(Shared.Require("fixtures", "quantization", "index.json")));
        string[] names = [.. index.GetProperty("types").EnumerateArray().Select(t => t.GetProperty("name").GetString()!.ToLowerInvariant())];
        Assert.NotEmpty(names);
        Assert.Empty(names.Except(Bounds.Keys));
        foreach (JsonElement entry in index.GetProperty("types").EnumerateArray())
        {
            QuantizedBlocks blocks = QuantizedBlocks.Find(entry.GetProperty("name").GetString()!.ToLowerInvariant())!;
            Assert.Equal((entry.GetProperty("type_id").GetUInt32(), entry.GetProperty("block_size").GetInt32(), entry.GetProperty("type_size").GetInt32()), (blocks.GgmlId, blocks.Values, blocks.Bytes));
        }
    }
}
