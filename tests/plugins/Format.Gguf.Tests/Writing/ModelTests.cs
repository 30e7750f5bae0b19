using Tessera.Abstractions;
using Tessera.Format.Gguf.Writing;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>A model of another format as a GGUF file: metadata, and what its tensors must become.</summary>
public sealed class ModelTests
{
    [Fact]
    public void Metadata_comes_back_as_it_was()
    {
        using WrittenModel model = new()
        {
            Architecture = "gemma2",
            Attention = new() { HeadCount = 4, KeyValueHeadCount = 2, KeyLength = 8, ValueLength = 8, SlidingWindow = 16, LogitSoftCap = 50 },
            Rope = new() { Pairing = RopePairing.Halves, Base = 5e5f, Scaling = RopeScaling.Yarn, Factor = 4, OriginalContextLength = 64, AttentionFactor = 1.5f, BetaFast = 16, BetaSlow = 2 },
            Extra = new() { ["final_logit_softcapping"] = 30, ["expert_count"] = 4, ["use_parallel_residual"] = 1, ["odd.number"] = 0.5, ["below"] = -2 },
            Lists = new() { ["attention.sliding_window_pattern"] = [1], ["some.list"] = [1, 2, 3], ["some.numbers"] = [0.5, 2] },
            Sampling = new() { Temperature = 0.7f, TopK = 40, TopP = 0.9f, MinP = 0.05f, RepetitionPenalty = 1.1f },
            ChatTemplate = "{{ messages }}",
            ToolChatTemplate = "{{ tools }}",
        };
        WritePlan plan = model.Plan();
        Assert.Equal(("gemma2", "BF16"), (plan.Architecture, plan.FileType));
        WrittenModel.Read(plan, read =>
        {
            ModelMetadata m = read.Metadata, expected = model.Metadata;
            Assert.Empty(m.Problems);
            Assert.Equal((expected.Architecture, expected.VocabularySize, expected.ContextLength, expected.EmbeddingLength, expected.LayerCount, expected.FeedForwardLength, expected.NormEpsilon),
                (m.Architecture, m.VocabularySize, m.ContextLength, m.EmbeddingLength, m.LayerCount, m.FeedForwardLength, m.NormEpsilon));
            Assert.Equal(expected.Attention, m.Attention);
            Assert.Equal(expected.Rope with { Dimensions = 8, ShortFactors = m.Rope.ShortFactors, LongFactors = m.Rope.LongFactors }, m.Rope);
            Assert.Equal(expected.Sampling, m.Sampling);
            foreach ((string key, double value) in expected.Extra)
                Assert.Equal(value, m.Extra[key]);
            foreach ((string key, double[] values) in expected.ExtraLists)
                Assert.Equal(values, m.ExtraLists[key]);
            Assert.Equal((model.ChatTemplate, model.ToolChatTemplate), (read.ChatTemplate, read.ToolChatTemplate));
            Assert.Equal("[\"tool_use\"]", read.Properties["tokenizer.chat_templates"]);
            Assert.Equal(WrittenModel.Basic.Select(t => (t.Name, string.Join(' ', t.Shape))), read.Tensors.Select(t => (t.Name, string.Join(' ', t.Shape))));
        });
    }

    [Fact]
    public void Without_a_type_matrices_keep_theirs_and_vectors_are_float32()
    {
        using WrittenModel model = new() { Type = "f16", More = [("blk.0.ffn_gate_inp.weight", [2, 32])] };
        WritePlan plan = model.Plan();
        Assert.Equal("F16", plan.FileType);
        Assert.All(plan.Tensors, t => Assert.Equal(t.Shape.Length == 1 || t.Name.Contains("gate_inp", StringComparison.Ordinal) ? "f32" : "f16", t.Quantization));
        Assert.All(plan.Tensors, t => Assert.Equal(0, t.Offset % 32));
    }

    [Fact]
    public void Rows_of_heads_go_to_neighbouring_pairs_where_the_architecture_has_those()
    {
        using WrittenModel model = new() { More = [("blk.0.attn_q.bias", [32]), ("blk.0.attn_k.bias", [16]), ("blk.0.attn_v.bias", [16])] };
        Dictionary<string, WrittenTensor> tensors = model.Plan().Tensors.ToDictionary(t => t.Name);
        int[] head = [0, 4, 1, 5, 2, 6, 3, 7];
        int[] of2 = [.. head, .. head.Select(r => r + 8)], of4 = [.. of2, .. of2.Select(r => r + 16)];
        Assert.Equal(of4, tensors["blk.0.attn_q.weight"].Rows);
        Assert.Equal(of2, tensors["blk.0.attn_k.weight"].Rows);
        Assert.Equal(of4, tensors["blk.0.attn_q.bias"].Columns);
        Assert.Equal(of2, tensors["blk.0.attn_k.bias"].Columns);
        Assert.All(tensors.Values.Where(t => !t.Name.Contains("attn_q", StringComparison.Ordinal) && !t.Name.Contains("attn_k", StringComparison.Ordinal)), t => Assert.True(t.Rows is null && t.Columns is null));
    }

    [Fact]
    public void Only_the_rotating_part_of_a_head_is_reordered()
    {
        using WrittenModel model = new() { Architecture = "glm4", Rope = new() { Pairing = RopePairing.Halves, Dimensions = 4 } };
        Assert.Equal([0, 2, 1, 3, 4, 5, 6, 7, 8, 10, 9, 11, 12, 13, 14, 15], model.Plan().Tensors.Single(t => t.Name == "blk.0.attn_k.weight").Rows);
    }

    [Fact]
    public void Neighbouring_pairs_go_apart_where_the_architecture_has_halves()
    {
        using WrittenModel model = new() { Architecture = "qwen2", Rope = new() { Pairing = RopePairing.Interleaved } };
        Assert.Equal([0, 2, 4, 6, 1, 3, 5, 7], model.Plan().Tensors.Single(t => t.Name == "blk.0.attn_k.weight").Rows!.Take(8));
        using WrittenModel same = new() { Architecture = "qwen2" };
        Assert.All(same.Plan().Tensors, t => Assert.Null(t.Rows));
    }

    [Theory]
    [InlineData(true, new[] { 0, 2, 4 }, new[] { 1, 3, 5 })]
    [InlineData(false, new[] { 0, 1, 2 }, new[] { 3, 4, 5 })]
    public void Gate_and_up_of_experts_go_apart(bool alternate, int[] gate, int[] up)
    {
        using WrittenModel model = new()
        {
            Architecture = "gpt-oss", GateUpRowsAlternate = alternate, Extra = new() { ["expert_count"] = 2, ["expert_used_count"] = 1 },
            More = [("blk.0.ffn_gate_up_exps.weight", [2, 6, 32]), ("blk.0.ffn_gate_up_exps.bias", [2, 6])],
        };
        WritePlan plan = model.Plan();
        Dictionary<string, WrittenTensor> tensors = plan.Tensors.ToDictionary(t => t.Name);
        foreach ((string name, int[] order) in new[] { ("gate", gate), ("up", up) })
        {
            Assert.Equal([2, 3, 32], tensors[$"blk.0.ffn_{name}_exps.weight"].Shape);
            Assert.Equal(order, tensors[$"blk.0.ffn_{name}_exps.weight"].Rows);
            Assert.Equal([2, 3], tensors[$"blk.0.ffn_{name}_exps.bias"].Shape);
            Assert.Equal(order, tensors[$"blk.0.ffn_{name}_exps.bias"].Columns);
        }
        WrittenModel.Read(plan, read => Assert.Equal(64, read.Metadata.Extra["expert_feed_forward_length"]));
    }

    [Fact]
    public void Norms_that_are_offsets_become_whole()
    {
        using WrittenModel model = new() { Architecture = "gemma3", NormsAreOffsets = true, More = [("blk.0.attn_q_norm.weight", [8])] };
        Assert.All(model.Plan().Tensors, t => Assert.Equal(t.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0, t.Addend));
    }

    [Fact]
    public void Llama_3s_scaling_becomes_a_divisor_of_each_frequency()
    {
        using WrittenModel model = new() { Rope = new() { Pairing = RopePairing.Halves, Scaling = RopeScaling.Llama3, Factor = 8, LowFrequencyFactor = 1, HighFrequencyFactor = 4, OriginalContextLength = 64 } };
        WritePlan plan = model.Plan("Q8_0");
        WrittenTensor divisors = plan.Tensors.Single(t => t.Name == "rope_freqs.weight");
        // Frequencies 1, 0.1, 0.01, 0.001 turn 10.2, 1.02, 0.1 and 0.01 times in 64 tokens.
        double smooth = (64 * 0.1 / (2 * Math.PI) - 1) / 3;
        Assert.Equal(("f32", 4, null), (divisors.Quantization, divisors.Values.Count, divisors.Source));
        Assert.Equal(1, divisors.Values[0]);
        Assert.Equal(1 / ((1 - smooth) / 8 + smooth), divisors.Values[1], 1e-5);
        Assert.Equal([8, 8], divisors.Values.Skip(2));
        WrittenModel.Read(plan, read => Assert.Equal(RopeScaling.None, read.Metadata.Rope.Scaling));
    }

    [Fact]
    public void LongRoPEs_factors_become_tensors()
    {
        using WrittenModel model = new() { Architecture = "phi3", Rope = new() { Pairing = RopePairing.Halves, Scaling = RopeScaling.LongRope, OriginalContextLength = 64, AttentionFactor = 1.2f, ShortFactors = [1, 1, 1, 1], LongFactors = [1, 2, 3, 4] } };
        WritePlan plan = model.Plan();
        Assert.Equal([1, 2, 3, 4], plan.Tensors.Single(t => t.Name == "rope_factors_long.weight").Values);
        Assert.Equal([1, 1, 1, 1], plan.Tensors.Single(t => t.Name == "rope_factors_short.weight").Values);
        WrittenModel.Read(plan, read => Assert.Equal((RopeScaling.LongRope, 64, 1.2f), (read.Metadata.Rope.Scaling, read.Metadata.Rope.OriginalContextLength, read.Metadata.Rope.AttentionFactor)));
    }

    [Theory]
    [InlineData("mistral", 16, RopeScaling.None, 16)]
    [InlineData("llama", 0, RopeScaling.Dynamic, 32)]
    [InlineData("gemma2", 16, RopeScaling.None, 128)]
    [InlineData("llama", 200, RopeScaling.None, 128)]
    public void A_context_ends_where_the_file_would_mean_something_else(string architecture, int window, RopeScaling scaling, int context)
    {
        using WrittenModel model = new()
        {
            Architecture = architecture,
            Attention = new() { HeadCount = 4, KeyValueHeadCount = 2, KeyLength = 8, ValueLength = 8, SlidingWindow = window },
            Rope = new() { Pairing = RopePairing.Halves, Scaling = scaling, Factor = 4, OriginalContextLength = 32 },
        };
        WritePlan plan = model.Plan();
        Assert.Equal(context != 128, plan.Notes.Any(n => n.StartsWith($"context 128 becomes {context}", StringComparison.Ordinal)));
        WrittenModel.Read(plan, read =>
        {
            Assert.Equal(context, read.Metadata.ContextLength);
            Assert.Equal(architecture == "mistral" ? "llama" : architecture, read.Metadata.Architecture);
        });
    }

    [Fact]
    public void Rows_that_blocks_do_not_divide_take_shorter_ones_and_the_plan_says_so()
    {
        using WrittenModel model = new() { More = [("blk.0.attn_qkv.weight", [64, 20])], Rope = new() { Pairing = RopePairing.Interleaved } };
        WritePlan plan = model.Plan("Q4_K_M");
        Assert.Equal("f16", plan.Tensors.Single(t => t.Name == "blk.0.attn_qkv.weight").Quantization);
        Assert.Equal("q5_0", plan.Tensors.Single(t => t.Name == "blk.0.attn_q.weight").Quantization);
        Assert.Equal("q8_0", plan.Tensors.Single(t => t.Name == "token_embd.weight").Quantization);
        Assert.Contains(plan.Notes, n => n.StartsWith("q5_0 instead of q4_k: ", StringComparison.Ordinal) && n.Contains("rows of 32 values (blk.0.attn_q.weight, blk.0.attn_k.weight", StringComparison.Ordinal));
        Assert.Contains(plan.Notes, n => n.StartsWith("f16 instead of ", StringComparison.Ordinal) && n.Contains("rows of 20 values (blk.0.attn_qkv.weight)", StringComparison.Ordinal));
    }

    [Fact]
    public void MXFP4_in_another_layout_keeps_its_values_and_its_bits()
    {
        using WrittenModel model = new() { Type = "mx_fp4" };
        WritePlan plan = model.Plan();
        Assert.Equal("MXFP4_MOE", plan.FileType);
        Assert.All(plan.Tensors, t => Assert.Equal((t.Shape.Length > 1, t.Shape.Length > 1 ? "mxfp4" : "f32"), (t.KeepsValues, t.Quantization)));
        Assert.All(model.Plan("F16").Tensors, t => Assert.False(t.KeepsValues));
    }

    [Fact]
    public void Experts_that_llama_cpp_would_take_otherwise_are_told()
    {
        using WrittenModel model = new() { Architecture = "qwen3moe", Layers = 2, More = [("blk.0.ffn_gate_inp.weight", [2, 32])], Extra = new() { ["expert_count"] = 2, ["expert_weights_norm"] = 0 } };
        IReadOnlyList<string> notes = model.Plan().Notes;
        Assert.Contains(notes, n => n.StartsWith("expert_weights_norm false", StringComparison.Ordinal));
        Assert.Contains(notes, n => n.StartsWith("layer 1 has no experts", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("phi3", 16, true)]
    [InlineData("phi3", 128, false)]
    [InlineData("gemma3", 16, false)]
    public void A_window_that_llama_cpp_does_not_use_is_told(string architecture, int window, bool told)
    {
        using WrittenModel model = new() { Architecture = architecture, Attention = new() { HeadCount = 4, KeyValueHeadCount = 2, KeyLength = 8, ValueLength = 8, SlidingWindow = window } };
        Assert.Equal(told, model.Plan().Notes.Any(n => n.StartsWith($"sliding window of {window} tokens: llama.cpp", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_GGUF_cannot_say_is_refused_by_name()
    {
        using WrittenModel unknown = new() { Architecture = "nevermodel" }, rotation = new() { Rope = new() { Scaling = RopeScaling.Proportional } }, scheme = new() { Type = "acme4" };
        Refuses<UnsupportedModelException>(() => unknown.Plan(), "nevermodel", "llama");
        Refuses<UnsupportedModelException>(() => rotation.Plan(), "Proportional", "llama");
        Refuses<UnsupportedModelException>(() => scheme.Plan(), "token_embd.weight", "acme4", "--type");
        Refuses<UnsupportedModelException>(() => scheme.Plan("Q9_9"), "Q9_9", "Q4_K_M");
        Assert.Equal("q8_0", scheme.Plan("q8_0").Tensors[0].Quantization);
        using WrittenModel heads = new() { More = [("blk.1.attn_q.weight", [30, 32])] };
        Refuses<ModelFormatException>(() => heads.Plan(), "blk.1.attn_q.weight", "[30, 32]");
    }

    [Theory]
    [InlineData("model.gguf", true)]
    [InlineData("MODEL.GGUF", true)]
    [InlineData("model.bin", false)]
    public void It_writes_files_of_its_ending(string name, bool writes) => Assert.Equal(writes, new GgufWeightWriter().CanWrite(name));

    private static void Refuses<T>(Action plan, params string[] named) where T : TesseraException
    {
        T error = Assert.Throws<T>(plan);
        Assert.All(named, n => Assert.Contains(n, error.Message, StringComparison.Ordinal));
    }
}
