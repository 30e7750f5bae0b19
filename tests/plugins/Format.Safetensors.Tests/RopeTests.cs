using System.Text.Json.Nodes;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Both spellings of the rotary embedding, and every kind of scaling.</summary>
public sealed class RopeTests
{
    [Theory]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 4}}""", RopeScaling.Linear)]
    [InlineData("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "factor": 4}}""", RopeScaling.Linear)]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": {"rope_type": "dynamic", "factor": 4, "original_max_position_embeddings": 16}}""", RopeScaling.Dynamic)]
    [InlineData("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "llama3", "factor": 4, "low_freq_factor": 1, "high_freq_factor": 3, "original_max_position_embeddings": 16}}""", RopeScaling.Llama3)]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16}}""", RopeScaling.Yarn)]
    [InlineData("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "proportional", "factor": 4, "partial_rotary_factor": 0.5}}""", RopeScaling.Proportional)]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": null}""", RopeScaling.None)]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]}}""", RopeScaling.None)]
    [InlineData("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}, "rope_theta": 7}""", RopeScaling.None)]
    public void The_kind_and_the_numbers_are_read(string fields, RopeScaling kind)
    {
        RopeMetadata rope = Read(fields);
        Assert.Equal((kind, 5e5f), (rope.Scaling, rope.Base));
        Assert.Equal(kind == RopeScaling.None ? 0 : 4, rope.Factor);
        Assert.Equal(kind is RopeScaling.Dynamic or RopeScaling.Llama3 or RopeScaling.Yarn ? 16 : 0, rope.OriginalContextLength);
        Assert.Equal(kind == RopeScaling.Proportional ? 4 : 8, rope.Dimensions);
        Assert.Equal(kind == RopeScaling.Llama3 ? (1f, 3f) : (0, 0), (rope.LowFrequencyFactor, rope.HighFrequencyFactor));
    }

    [Theory]
    // What cos and sin are multiplied with, beside the 1 + 0.1 ln 4 that YaRN implies.
    [InlineData("""{"type": "yarn", "factor": 4}""", 1.0, false)]
    [InlineData("""{"type": "yarn", "factor": 4, "attention_factor": 1.5}""", 1.3173733, false)]
    [InlineData("""{"type": "yarn", "factor": 4, "mscale": 1, "mscale_all_dim": 1}""", 0.8782489, false)]
    [InlineData("""{"type": "yarn", "factor": 4, "mscale": 0.707, "mscale_all_dim": 1}""", 0.8469190, false)]
    [InlineData("""{"type": "yarn", "factor": 4, "truncate": false}""", 1.0, true)]
    public void Yarn_has_the_library_s_magnitude_and_ramp(string scaling, double factor, bool fractional)
    {
        RopeMetadata rope = Read($$"""{"rope_scaling": {{scaling}}}""");
        Assert.Equal(factor, rope.AttentionFactor, 1e-6);
        Assert.Equal(fractional, rope.FractionalRamp);
        Assert.Equal(64, rope.OriginalContextLength);
    }

    [Theory]
    [InlineData("longrope")]
    // What Phi-3's older files call it.
    [InlineData("su")]
    [InlineData("yarn")]
    public void Long_rope_has_its_factors_and_magnitude(string type)
    {
        RopeMetadata rope = Folders.Metadata("phi3", c =>
        {
            c["rope_scaling"] = JsonNode.Parse($$"""{"type": "{{type}}", "short_factor": [1, 2, 3, 4], "long_factor": [5, 6, 7, 8]}""");
            c["original_max_position_embeddings"] = 64;
        }).Rope;
        Assert.Equal(RopeScaling.LongRope, rope.Scaling);
        Assert.Equal([1f, 2, 3, 4], rope.ShortFactors);
        Assert.Equal([5f, 6, 7, 8], rope.LongFactors);
        // √(1 + ln(512/64) / ln 64)
        Assert.Equal(1.2247449, rope.AttentionFactor, 1e-6);
    }

    [Theory]
    [InlineData("""{"rope_scaling": {"type": "yarn"}}""", "factor")]
    [InlineData("""{"rope_scaling": {"type": "linear", "factor": 0}}""", "factor")]
    [InlineData("""{"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "original_max_position_embeddings": 16}}""", "high_freq_factor")]
    [InlineData("""{"rope_scaling": {"rope_type": "longrope", "short_factor": [1, 1, 1]}}""", "short_factor")]
    [InlineData("""{"rope_scaling": {"rope_type": "longrope", "short_factor": [1, 1, 1, 0], "long_factor": [1, 1, 1, 1]}}""", "short_factor")]
    [InlineData("""{"rope_theta": 0}""", "rope_theta")]
    [InlineData("""{"partial_rotary_factor": 1.5}""", "partial_rotary_factor")]
    public void What_is_missing_or_cannot_be_meant_is_named(string fields, string named) =>
        Assert.Contains(named, Folders.Problem("llama", c => Set(c, fields)), StringComparison.Ordinal);

    private static RopeMetadata Read(string fields) => Folders.Metadata("llama", c => Set(c, fields)).Rope;

    private static void Set(JsonObject config, string fields)
    {
        foreach ((string key, JsonNode? value) in JsonNode.Parse(fields)!.AsObject())
            config[key] = value?.DeepClone();
    }
}
