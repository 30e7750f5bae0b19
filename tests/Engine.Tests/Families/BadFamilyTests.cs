using Tessera.TestSupport.Families;

namespace Tessera.Engine.Tests.Families;

/// <summary>What every family refuses, by name.</summary>
public sealed class BadFamilyTests
{
    public static TheoryData<string> Names => [.. TinyFamilies.All.Select(f => f.Name)];

    public static TheoryData<string> AllNames => [.. TinyFamilies.All.Concat(TinyMixtures.All).Select(f => f.Name)];

    // Keys that all families read, with values that no model can have.
    private static readonly (string Key, object? Value)[] Absurd =
    [
        ("block_count", 0), ("block_count", 5000), ("block_count", 1), ("block_count", null),
        ("embedding_length", 0), ("embedding_length", 33), ("embedding_length", -1), ("embedding_length", null),
        ("feed_forward_length", 0), ("feed_forward_length", 47), ("feed_forward_length", -1),
        ("context_length", 0), ("context_length", int.MaxValue),
        ("vocab_size", 41), ("vocab_size", 1 << 30),
        ("attention.head_count", 0), ("attention.head_count", 3), ("attention.head_count", 1 << 20),
        ("attention.head_count_kv", 3), ("attention.head_count_kv", 8), ("attention.head_count_kv", new[] { 2, 3, 3 }),
        ("attention.key_length", 6), ("attention.key_length", 1 << 24), ("attention.value_length", 1 << 24),
        ("attention.scale", -1f), ("attention.scale", 1e20f), ("attention.sliding_window", int.MaxValue), ("attention.sliding_window", "wide"),
        ("attn_logit_softcapping", float.NaN), ("attn_logit_softcapping", 1e30f),
        ("rope.dimension_count", 3), ("rope.dimension_count", 64), ("rope.freq_base", -1f), ("rope.freq_base", float.PositiveInfinity),
        ("rope.scaling.factor", 1e20f), ("rope.scaling.type", "magic"), ("rope.scaling.attn_factor", float.NaN),
        ("nextn_predict_layers", 64),
    ];

    private static readonly (string Model, string Key, object? Value)[] Own =
    [
        ("gemma2", "final_logit_softcapping", 1e20f), ("gemma2", "attention.sliding_window_pattern", new[] { true, false }), ("gemma2", "attention.sliding_window_pattern", float.NaN),
        ("gemma2", "rope.freq_base_swa", 1e20f), ("gemma3", "rope.freq_base_swa", float.NaN), ("gemma3", "final_logit_softcapping", -1e20f),
        ("mixtral", "expert_count", 1 << 20), ("mixtral", "expert_count", -1), ("mixtral", "expert_count", 5), ("mixtral", "expert_count", "many"), ("mixtral", "expert_feed_forward_length", 0),
        ("mixtral", "expert_feed_forward_length", 1 << 30), ("mixtral", "expert_feed_forward_length", 47), ("mixtral", "expert_used_count", 5), ("mixtral", "expert_used_count", 0),
        ("mixtral", "expert_used_count", null), ("mixtral", "expert_used_count", 1.5f), ("mixtral", "expert_used_count", -1), ("mixtral", "expert_weights_scale", 1e20f), ("mixtral", "expert_group_count", 3),
        ("qwen3moe", "expert_count", null), ("qwen3moe", "expert_count", 0), ("qwen3moe", "expert_feed_forward_length", null), ("gpt-oss", "attention.sliding_window", null), ("gpt-oss", "expert_used_count", 99),
        ("phi3", "rope.scaling.original_context_length", -1), ("llama-dynamic", "rope.scaling.factor", 0.5f), ("llama-dynamic", "rope.dimension_count", 2),
        ("deepseek2", "expert_group_count", 3), ("deepseek2", "expert_group_count", 99), ("deepseek3", "expert_group_count", 8), ("deepseek3", "expert_group_used_count", 0), ("deepseek3", "expert_group_used_count", 5),
        ("deepseek3", "expert_used_count", 5), ("deepseek3", "leading_dense_block_count", 9), ("deepseek3", "expert_shared_count", 1 << 20), ("deepseek3", "expert_shared_count", 2),
        ("deepseek3", "attention.kv_lora_rank", null), ("deepseek3", "attention.kv_lora_rank", 0), ("deepseek3", "attention.kv_lora_rank", 1 << 20), ("deepseek3", "attention.kv_lora_rank", 9),
        ("deepseek3", "attention.q_lora_rank", 1 << 20), ("deepseek3", "attention.q_lora_rank", 11), ("deepseek3", "attention.key_length_mla", 4), ("deepseek3", "attention.key_length_mla", 13),
        ("deepseek3", "attention.value_length_mla", 0), ("deepseek3", "attention.value_length_mla", 7), ("deepseek3", "attention.key_length", 6), ("deepseek3", "attention.value_length", 6),
        ("deepseek3", "rope.scaling.yarn_log_multiplier", -1f), ("deepseek2-lite", "attention.key_length", 4), ("deepseek2-lite", "attention.value_length", 7),
        ("olmo3", "attention.sliding_window_pattern", new[] { true }),
        ("command-r", "logit_scale", float.PositiveInfinity), ("cohere2", "logit_scale", null), ("cohere2", "logit_scale", 0f), ("cohere2", "attention.sliding_window", null),
        ("granite", "logit_scale", 0f), ("granite", "logit_scale", null), ("granite", "residual_scale", 1e20f), ("granite", "embedding_scale", float.NaN), ("granite", "rope.scaling.finetuned", 7),
    ];

    [Theory]
    [MemberData(nameof(AllNames))]
    public void A_needed_tensor_that_is_missing_is_named(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        int needed = 0;
        foreach (string tensor in model.Tensors.Select(t => t.Name).Where(t => !IsOptional(model, t)))
        {
            byte[] gguf = model.ToGguf(tensor: (n, shape) => n == tensor ? null : shape);
            // Without the fused matrix a file is taken to have the three.
            string named = tensor.Replace("attn_qkv.weight", "attn_q.weight", StringComparison.Ordinal).Replace("attn_kv_b.weight", "attn_k_b.weight", StringComparison.Ordinal);
            // Without a router a layer is taken to be dense, in the families that have such layers.
            if (model.Architecture is "llama" or "qwen3moe")
                named = named.Replace("ffn_gate_inp.weight", "ffn_gate.weight", StringComparison.Ordinal);
            Assert.Contains($"'{named}'", Assert.Throws<ModelFormatException>(() => new FamilyRun(gguf)).Message, StringComparison.Ordinal);
            needed++;
        }
        Assert.True(needed >= 6 * model.LayerCount, $"{needed} tensors");
    }

    [Fact]
    public void All_tensors_that_are_missing_or_of_another_shape_are_named_at_once()
    {
        TinyFamily model = TinyFamilies.Find("qwen3");
        byte[] gguf = model.ToGguf(tensor: (n, shape) => n.EndsWith("ffn_norm.weight", StringComparison.Ordinal) ? null : n == "output_norm.weight" ? [shape[0] - 1] : shape);
        string message = Assert.Throws<ModelFormatException>(() => new FamilyRun(gguf)).Message;
        Assert.Equal("qwen3: 3 tensors are not as they should be: tensor 'blk.0.ffn_norm.weight' is missing (expected shape [32]); tensor 'blk.1.ffn_norm.weight' is missing (expected shape [32]); "
            + "tensor 'output_norm.weight': expected shape [32], found [31]", message);
    }

    [Fact]
    public void Tensors_are_checked_where_the_metadata_has_a_problem_too()
    {
        byte[] gguf = TinyFamilies.Find("qwen3").ToGguf("rope.scaling.type", "spiral", (n, shape) => n == "blk.1.ffn_norm.weight" ? null : shape);
        Assert.Equal("qwen3: tensor 'blk.1.ffn_norm.weight' is missing (expected shape [32])", Assert.Throws<ModelFormatException>(() => new FamilyRun(gguf)).Message);
        gguf = TinyFamilies.Find("qwen3").ToGguf("rope.scaling.type", "spiral");
        Assert.Contains("'spiral'", Assert.Throws<ModelFormatException>(() => new FamilyRun(gguf)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_that_no_row_can_have_are_refused_by_the_tensor_s_name()
    {
        // Each number may be; queries of 2³² elements may not.
        TinyFamily wide = new TinyFamily("wide", "llama", 2, 8).Qkv().Gate().Norms("attn_norm", "ffn_norm").Output()
            .Key("attention.head_count", 4096).Key("attention.head_count_kv", 4096).Key("attention.key_length", 1 << 20);
        Assert.Contains("'blk.0.attn_q.weight'", Assert.Throws<ModelFormatException>(() => new FamilyRun(wide.ToGguf())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AllNames))]
    public void A_tensor_of_another_shape_is_named(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        foreach ((string tensor, long[] own) in model.Tensors)
        {
            byte[] gguf = model.ToGguf(tensor: (n, shape) => n == tensor ? [shape[0] - 1, .. shape[1..]] : shape);
            string message = Assert.Throws<ModelFormatException>(() => new FamilyRun(gguf)).Message;
            Assert.Contains($"'{tensor}'", message, StringComparison.Ordinal);
            Assert.Contains($"[{string.Join(", ", own)}]", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_number_that_no_model_can_have_is_named(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        string epsilon = model.Keys.Single(k => k.EndsWith("epsilon", StringComparison.Ordinal));
        List<string> wrong = [];
        foreach ((string key, object? value) in Absurd.Append((epsilon, 0f)).Append((epsilon, float.NaN)).Append((epsilon, null)))
            if (Refusal(model, key, value) is { } problem)
                wrong.Add(problem);
        Assert.True(wrong.Count == 0, string.Join("; ", wrong));
    }

    [Fact]
    public void A_number_of_one_family_that_no_model_can_have_is_named()
    {
        string[] wrong = [.. Own.Select(o => Refusal(TinyFamilies.Find(o.Model), o.Key, o.Value)).OfType<string>()];
        Assert.True(wrong.Length == 0, string.Join("; ", wrong));
    }

    [Theory]
    [MemberData(nameof(AllNames))]
    public void A_tensor_that_the_family_does_not_know_is_refused(string name)
    {
        TinyFamily model = TinyFamilies.Find(name);
        foreach (string tensor in new[] { "blk.0.attn_extra_norm.weight", "blk.1.attn_q.scale", "cls.output.weight" })
        {
            using TestModelFiles files = TestModelFiles.Of(model.ToGguf());
            ModelSource source = new Format.Gguf.GgufFormat().Open(files);
            ModelSource more = new() { Format = source.Format, Metadata = source.Metadata, Tensors = [.. source.Tensors, Architectures.TinySource.Tensor(tensor, 4)] };
            UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => Engine.Architectures.BuiltIn.Find(more.Metadata, Engine.Architectures.BuiltIn.Architectures).Build(more, 64));
            Assert.Contains($"'{tensor}'", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void All_tensors_that_the_family_does_not_know_are_named_at_once_beside_those_that_are_missing()
    {
        foreach (bool isWhole in (bool[])[true, false])
        {
            using TestModelFiles files = TestModelFiles.Of(TinyFamilies.Find("qwen3").ToGguf(tensor: (n, shape) => n == "output_norm.weight" && !isWhole ? null : shape));
            ModelSource source = new Format.Gguf.GgufFormat().Open(files);
            ModelSource more = new() { Format = source.Format, Metadata = source.Metadata, Tensors = [.. source.Tensors, Architectures.TinySource.Tensor("blk.0.one", 4), Architectures.TinySource.Tensor("two", 4)] };
            TesseraException e = Assert.ThrowsAny<TesseraException>(() => Engine.Architectures.BuiltIn.Find(more.Metadata, Engine.Architectures.BuiltIn.Architectures).Build(more, 64));
            Assert.IsType(isWhole ? typeof(UnsupportedModelException) : typeof(ModelFormatException), e);
            Assert.Contains($"{(isWhole ? 2 : 3)} tensors are not as they should be: ", e.Message, StringComparison.Ordinal);
            Assert.Contains("tensor 'blk.0.one' [4] has no place in this family's graph; tensor 'two' [4] has no place in this family's graph", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("expert_gating_func", 3)]
    [InlineData("attention.temperature_scale", 1)]
    public void A_variant_of_latent_attention_or_routing_that_is_not_there_is_refused(string key, int value)
    {
        byte[] gguf = TinyFamilies.Find("deepseek3").ToGguf(key, value);
        Assert.Contains(key, Assert.Throws<UnsupportedModelException>(() => new FamilyRun(gguf)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_rotation_in_sections_is_refused()
    {
        byte[] gguf = TinyFamilies.Find("glm4").ToGguf("rope.dimension_sections", new[] { 2, 2, 2, 0 });
        Assert.Contains("rope.dimension_sections", Assert.Throws<UnsupportedModelException>(() => new FamilyRun(gguf)).Message, StringComparison.Ordinal);
    }

    /// <summary>Null where the model is refused and the message has the key.</summary>
    private static string? Refusal(TinyFamily model, string key, object? value)
    {
        string text = $"{model.Name} {key}={value ?? "none"}";
        try
        {
            using FamilyRun run = new(model.ToGguf(key, value));
            return $"{text}: accepted";
        }
        catch (ModelFormatException e)
        {
            // A width that fits no tensor is named by the tensor, and a list of another length by the list.
            return e.Message.Contains(key[(key.IndexOf('.', StringComparison.Ordinal) + 1)..], StringComparison.Ordinal) || e.Message.Contains("expected shape", StringComparison.Ordinal)
                || e.Message.Contains($"a value for each of {value} layers", StringComparison.Ordinal)
                ? null
                : $"{text}: {e.Message}";
        }
    }

    private static bool IsOptional(TinyFamily model, string tensor) =>
        tensor is "output.weight" or "output.bias" or "rope_freqs.weight"
        || (tensor.EndsWith(".bias", StringComparison.Ordinal) && model.Architecture is not ("phi2" or "starcoder2" or "gpt-oss"))
        || (model.Architecture is "stablelm" && tensor.EndsWith("ffn_norm.weight", StringComparison.Ordinal))
        || (model.Architecture is "stablelm" or "command-r" && (tensor.EndsWith("_q_norm.weight", StringComparison.Ordinal) || tensor.EndsWith("_k_norm.weight", StringComparison.Ordinal)));
}
