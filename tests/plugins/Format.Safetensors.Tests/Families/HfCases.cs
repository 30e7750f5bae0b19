using System.Globalization;
using Tessera.TestSupport.Families;

namespace Tessera.Format.Safetensors.Tests.Families;

/// <summary>Every family as a folder, with the fields and names that the library's classes have.</summary>
internal static class HfCases
{
    private const int Head = TinyFamily.Width / TinyFamily.Heads, ExpertInner = 20;
    private static readonly string Window = TinyFamilies.Window.ToString(CultureInfo.InvariantCulture);

    private static readonly Dictionary<string, string> Gemma = new() { ["post_attention_norm"] = "post_attention_layernorm", ["ffn_norm"] = "pre_feedforward_layernorm", ["post_ffw_norm"] = "post_feedforward_layernorm" };
    private static readonly Dictionary<string, string> Olmo = new() { ["post_attention_norm"] = "post_attention_layernorm", ["post_ffw_norm"] = "post_feedforward_layernorm" };
    private static readonly Dictionary<string, string> ExpertNames = new()
    {
        ["ffn_gate_inp"] = "mlp.gate", ["ffn_gate_exps"] = "mlp.experts.{0}.gate_proj", ["ffn_up_exps"] = "mlp.experts.{0}.up_proj", ["ffn_down_exps"] = "mlp.experts.{0}.down_proj",
    };

    public static IReadOnlyList<HfCase> All { get; } =
    [
        new("llama", "llama", """{"architectures": ["LlamaForCausalLM"], "attention_bias": true, "mlp_bias": true}""") { Halves = true },
        new("mistral", "mistral", $$"""{"architectures": ["MistralForCausalLM"], "sliding_window": {{Window}}}""") { Halves = true },
        new("mixtral", "mixtral", """{"architectures": ["MixtralForCausalLM"], "num_local_experts": 4, "num_experts_per_tok": 2}""")
        {
            Halves = true,
            Layer = new() { ["ffn_gate_inp"] = "block_sparse_moe.gate", ["ffn_gate_exps"] = "block_sparse_moe.experts.{0}.w1", ["ffn_up_exps"] = "block_sparse_moe.experts.{0}.w3", ["ffn_down_exps"] = "block_sparse_moe.experts.{0}.w2" },
            Split = OneByOne,
        },
        new("mixtral, joined by MLX", "mixtral", """{"architectures": ["MixtralForCausalLM"], "num_local_experts": 4, "num_experts_per_tok": 2}""")
        {
            Halves = true,
            Layer = new() { ["ffn_gate_inp"] = "block_sparse_moe.gate", ["ffn_gate_exps"] = "block_sparse_moe.switch_mlp.gate_proj", ["ffn_up_exps"] = "block_sparse_moe.switch_mlp.up_proj", ["ffn_down_exps"] = "block_sparse_moe.switch_mlp.down_proj" },
        },
        new("mixtral, joined with gate and up", "mixtral", """{"architectures": ["MixtralForCausalLM"], "num_local_experts": 4, "num_experts_per_tok": 2}""")
        {
            Halves = true,
            Layer = new() { ["ffn_gate_inp"] = "mlp.gate", ["ffn_gate_exps"] = "mlp.experts.gate!", ["ffn_up_exps"] = "mlp.experts.up!", ["ffn_down_exps"] = "mlp.experts.down_proj!" },
            Split = (name, shape, values) => name.EndsWith("experts.gate", StringComparison.Ordinal) || name.EndsWith("experts.up", StringComparison.Ordinal) ? [] : null,
            Joined = tiny => Enumerable.Range(0, tiny.LayerCount).Select(i => GateUp(tiny, i)),
        },
        new("qwen2", "qwen2", """{"architectures": ["Qwen2ForCausalLM"], "head_dim": null}""") { Outside = new() { ["output.bias"] = "" } },
        new("qwen3", "qwen3", """{"architectures": ["Qwen3ForCausalLM"]}"""),
        new("qwen3 moe", "qwen3moe", $$"""{"architectures": ["Qwen3MoeForCausalLM"], "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": {{ExpertInner}}, "norm_topk_prob": true}""") { Layer = ExpertNames, Split = OneByOne },
        new("qwen3 moe, dense layer", "qwen3moe-dense", $$"""{"architectures": ["Qwen3MoeForCausalLM"], "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": {{ExpertInner}}, "norm_topk_prob": true, "mlp_only_layers": [0]}""") { Layer = ExpertNames, Split = OneByOne },
        new("phi", "phi2", """{"architectures": ["PhiForCausalLM"], "layer_norm_eps": 0.01, "hidden_act": "gelu_new", "partial_rotary_factor": 0.5}""")
        {
            Layer = new() { ["attn_output"] = "self_attn.dense", ["ffn_up"] = "mlp.fc1", ["ffn_down"] = "mlp.fc2", ["attn_qkv"] = "self_attn.qkv" },
            Outside = new() { ["output_norm"] = "model.final_layernorm" },
            Split = ThreeProjections,
        },
        new("phi3", "phi3", $$"""
            {"architectures": ["Phi3ForCausalLM"], "sliding_window": {{Window}}, "max_position_embeddings": 512, "original_max_position_embeddings": 512,
             "rope_scaling": {"type": "su", "short_factor": {{Factors("phi3", "short")}}, "long_factor": {{Factors("phi3", "long")}}, "attention_factor": 1.25} }
            """)
        {
            Layer = new() { ["attn_qkv"] = "self_attn.qkv_proj", ["ffn_up"] = "mlp.gate_up_proj" },
            Outside = new() { ["rope_factors_short"] = "unused.short", ["rope_factors_long"] = "unused.long" },
        },
        new("starcoder2", "starcoder2-window", $$"""{"architectures": ["Starcoder2ForCausalLM"], "norm_epsilon": 0.01, "hidden_act": "gelu_pytorch_tanh", "sliding_window": {{Window}}}""") { Layer = new() { ["ffn_up"] = "mlp.c_fc", ["ffn_down"] = "mlp.c_proj" } },
        new("stablelm", "stablelm", """{"architectures": ["StableLmForCausalLM"], "layer_norm_eps": 0.01, "partial_rotary_factor": 0.5, "use_qkv_bias": true}"""),
        new("stablelm 2 12b", "stablelm2-12b", """{"architectures": ["StableLmForCausalLM"], "layer_norm_eps": 0.01, "partial_rotary_factor": 0.5, "qk_layernorm": true, "use_parallel_residual": true}""")
        {
            Layer = new() { ["attn_q_norm"] = "self_attn.q_layernorm.norms.{0}", ["attn_k_norm"] = "self_attn.k_layernorm.norms.{0}" },
            Split = OneByOne,
        },
        new("gemma", "gemma", """{"architectures": ["GemmaForCausalLM"], "hidden_act": "gelu"}""") { Offsets = true },
        new("gemma2", "gemma2", $$"""{"architectures": ["Gemma2ForCausalLM"], "hidden_activation": "gelu_pytorch_tanh", "sliding_window": {{Window}}, "attn_logit_softcapping": 2, "final_logit_softcapping": 3, "query_pre_attn_scalar": 12}""") { Offsets = true, Layer = Gemma, WithoutKey = "rope.freq_base_swa" },
        new("gemma3", "gemma3", $$"""{"architectures": ["Gemma3ForCausalLM"], "sliding_window": {{Window}}, "final_logit_softcapping": 3, "query_pre_attn_scalar": 12, "rope_scaling": {"rope_type": "linear", "factor": 2} }""") { Offsets = true, Layer = Gemma },
        new("gemma3, new spelling", "gemma3", $$"""
            {"architectures": ["Gemma3ForCausalLM"], "sliding_window": {{Window}}, "final_logit_softcapping": 3, "query_pre_attn_scalar": 12, "rope_theta": 5,
             "layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
             "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 2, "rope_theta": 100}, "sliding_attention": {"rope_type": "default", "rope_theta": 10000} } }
            """) { Offsets = true, Layer = Gemma },
        new("olmo2", "olmo2", """{"architectures": ["Olmo2ForCausalLM"]}""") { Layer = Olmo },
        new("olmo3", "olmo3", $$"""
            {"architectures": ["Olmo3ForCausalLM"], "sliding_window": {{Window}}, "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "sliding_attention"],
             "rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 16} }
            """) { Layer = Olmo },
        new("command-r", "command-r", """{"architectures": ["CohereForCausalLM"], "layer_norm_eps": 0.01, "logit_scale": 0.25}"""),
        new("command-r+", "command-r-plus", """{"architectures": ["CohereForCausalLM"], "layer_norm_eps": 0.01, "logit_scale": 0.25, "use_qk_norm": true}"""),
        new("cohere2", "cohere2", $$"""{"architectures": ["Cohere2ForCausalLM"], "layer_norm_eps": 0.01, "logit_scale": 0.25, "sliding_window": {{Window}}, "sliding_window_pattern": 4}"""),
        new("glm", "chatglm", """{"architectures": ["GlmForCausalLM"], "partial_rotary_factor": 0.5, "attention_bias": true}""")
        {
            Layer = new() { ["attn_qkv"] = "self_attn.qkv", ["ffn_up"] = "mlp.gate_up_proj" },
            Split = ThreeProjections,
        },
        new("glm4", "glm4", """{"architectures": ["Glm4ForCausalLM"], "partial_rotary_factor": 0.5, "attention_bias": true}""")
        {
            Layer = new() { ["post_attention_norm"] = "post_self_attn_layernorm", ["post_ffw_norm"] = "post_mlp_layernorm", ["ffn_up"] = "mlp.gate_up_proj" },
        },
        new("granite", "granite", """{"architectures": ["GraniteForCausalLM"], "attention_bias": true, "mlp_bias": true, "logits_scaling": 4, "residual_multiplier": 0.5, "embedding_multiplier": 3, "attention_multiplier": 0.2}""") { Halves = true },
        new("smollm3", "smollm3", """{"architectures": ["SmolLM3ForCausalLM"], "no_rope_layers": [1, 1, 1, 0]}""")
        {
            Halves = true,
            Layer = new() { ["attn_q.bias"] = "", ["attn_k.bias"] = "", ["attn_v.bias"] = "" },
            // Layers that do not rotate are stored in one way only.
            Split = (name, shape, values) => name.Contains("layers.3.", StringComparison.Ordinal) && (name.Contains("q_proj", StringComparison.Ordinal) || name.Contains("k_proj", StringComparison.Ordinal)) ? [(name, shape, Together(values, shape))] : null,
        },
        new("gpt-oss, joined by MLX", "gpt-oss-yarn", $$"""
            {"architectures": ["GptOssForCausalLM"], "num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": {{ExpertInner}}, "sliding_window": {{Window}},
             "rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 64, "truncate": false} }
            """)
        {
            Layer = new()
            {
                ["post_attention_norm"] = "post_attention_layernorm", ["attn_sinks"] = "self_attn.sinks!", ["ffn_gate_inp"] = "mlp.router",
                ["ffn_gate_exps"] = "mlp.experts.gate_proj", ["ffn_up_exps"] = "mlp.experts.up_proj", ["ffn_down_exps"] = "mlp.experts.down_proj",
            },
        },
        new("gpt-oss, not quantized", "gpt-oss-yarn", $$"""
            {"architectures": ["GptOssForCausalLM"], "num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": {{ExpertInner}}, "sliding_window": {{Window}},
             "rope_scaling": {"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 64, "truncate": false} }
            """)
        {
            Layer = new()
            {
                ["post_attention_norm"] = "post_attention_layernorm", ["attn_sinks"] = "self_attn.sinks!", ["ffn_gate_inp"] = "mlp.router",
                ["ffn_gate_exps"] = "joined.gate", ["ffn_up_exps"] = "joined.up", ["ffn_down_exps"] = "joined.down",
            },
            Split = (name, _, _) => name.Contains(".joined.", StringComparison.Ordinal) ? [] : null,
            Joined = tiny => Enumerable.Range(0, tiny.LayerCount).SelectMany(i => InputsByOutputs(tiny, i)),
        },
        DeepSeek("deepseek v2 lite", "deepseek2-lite", """{"architectures": ["DeepseekV2ForCausalLM"], "n_shared_experts": 2, "topk_method": "greedy"}""", 0.707, "null"),
        DeepSeek("deepseek v2", "deepseek2", """{"architectures": ["DeepseekV2ForCausalLM"], "n_shared_experts": 2, "topk_method": "group_limited_greedy", "n_group": 4, "topk_group": 2}""", 0.707),
        DeepSeek("deepseek v3", "deepseek3", """{"architectures": ["DeepseekV3ForCausalLM"], "n_shared_experts": 1, "n_group": 4, "topk_group": 2, "norm_topk_prob": true}""", 1) with
        {
            Joined = tiny => Enumerable.Range(0, tiny.LayerCount).Select(i => KeysAndValues(tiny, i)),
        },
    ];

    private static HfCase DeepSeek(string name, string tiny, string config, double scale, string? queryRank = null) => new(name, tiny, config[..^1] + $$"""
        , "hidden_act": "silu", "q_lora_rank": {{queryRank ?? $"{TinyMixtures.QueryRank}"}}, "kv_lora_rank": {{TinyMixtures.Latent}}, "qk_nope_head_dim": {{TinyMixtures.PlainKey}}, "qk_rope_head_dim": {{TinyMixtures.RotatingKey}}, "v_head_dim": {{Head}},
         "n_routed_experts": 8, "num_experts_per_tok": {{TinyMixtures.LatentUsed}}, "moe_intermediate_size": {{ExpertInner}}, "first_k_dense_replace": 1, "routed_scaling_factor": {{TinyMixtures.LatentScale.ToString(CultureInfo.InvariantCulture)}},
         "rope_scaling": {"type": "yarn", "factor": {{TinyMixtures.YarnFactor.ToString(CultureInfo.InvariantCulture)}}, "original_max_position_embeddings": {{TinyMixtures.LatentTrained}}, "mscale": {{scale.ToString(CultureInfo.InvariantCulture)}}, "mscale_all_dim": {{scale.ToString(CultureInfo.InvariantCulture)}} } }
        """)
    {
        Layer = new(ExpertNames)
        {
            ["attn_q_a"] = "self_attn.q_a_proj", ["attn_q_a_norm"] = "self_attn.q_a_layernorm", ["attn_q_b"] = "self_attn.q_b_proj", ["attn_kv_a_mqa"] = "self_attn.kv_a_proj_with_mqa", ["attn_kv_a_norm"] = "self_attn.kv_a_layernorm",
            ["attn_kv_b"] = "self_attn.kv_b_proj", ["attn_k_b"] = "k_b!", ["attn_v_b"] = "v_b!", ["exp_probs_b"] = "mlp.gate.e_score_correction_bias!",
            ["ffn_gate_shexp"] = "mlp.shared_experts.gate_proj", ["ffn_up_shexp"] = "mlp.shared_experts.up_proj", ["ffn_down_shexp"] = "mlp.shared_experts.down_proj",
        },
        Split = (stored, shape, values) => stored.EndsWith("k_b", StringComparison.Ordinal) || stored.EndsWith("v_b", StringComparison.Ordinal) ? [] : OneByOne(stored, shape, values),
    };

    // A name with a place for a number stands for one tensor of each of the first dimension.
    private static IEnumerable<(string, long[], float[])>? OneByOne(string name, long[] shape, float[] values)
    {
        if (!name.Contains("{0}", StringComparison.Ordinal))
            return null;
        int length = values.Length / (int)shape[0];
        return Enumerable.Range(0, (int)shape[0]).Select(i => (name.Replace("{0}", $"{i}", StringComparison.Ordinal), shape[1..], values[(i * length)..((i + 1) * length)]));
    }

    private static IEnumerable<(string, long[], float[])>? ThreeProjections(string name, long[] shape, float[] values)
    {
        if (!name.Contains("self_attn.qkv", StringComparison.Ordinal))
            return null;
        int columns = shape.Length == 1 ? 1 : (int)shape[^1], queries = TinyFamily.Heads * Head * columns, keys = TinyFamily.KeyHeads * Head * columns;
        (string Name, int From, int Length)[] parts = [("q_proj", 0, queries), ("k_proj", queries, keys), ("v_proj", queries + keys, keys)];
        return parts.Select(p => (name.Replace("qkv", p.Name, StringComparison.Ordinal), (long[])[p.Length / columns, .. shape[1..]], values[p.From..(p.From + p.Length)]));
    }

    // The inverse of what is done to rows that rotate.
    private static float[] Together(float[] values, long[] shape)
    {
        int columns = (int)shape[^1];
        float[] together = new float[values.Length];
        for (int row = 0; row < values.Length / columns; row++)
        {
            int inHead = row % Head, from = row - inHead + inHead / 2 + (inHead % 2 == 0 ? 0 : Head / 2);
            values.AsSpan(from * columns, columns).CopyTo(together.AsSpan(row * columns));
        }
        return together;
    }

    private static (string, long[], float[]) GateUp(TinyFamily tiny, int layer)
    {
        float[] gate = tiny.Values($"blk.{layer}.ffn_gate_exps.weight"), up = tiny.Values($"blk.{layer}.ffn_up_exps.weight");
        const int Experts = 4;
        int length = gate.Length / Experts;
        return ($"model.layers.{layer}.mlp.experts.gate_up_proj", [Experts, 2 * length / TinyFamily.Width, TinyFamily.Width],
            [.. Enumerable.Range(0, Experts).SelectMany(e => gate[(e * length)..((e + 1) * length)].Concat(up[(e * length)..((e + 1) * length)]))]);
    }

    // Experts as matrices of inputs × outputs, the outputs of gate and up by turns.
    private static IEnumerable<(string, long[], float[])> InputsByOutputs(TinyFamily tiny, int layer)
    {
        const int Experts = 4, Width = TinyFamily.Width, Inner = ExpertInner;
        float[] gate = Values("gate", "weight"), up = Values("up", "weight"), down = Values("down", "weight"), gateBias = Values("gate", "bias"), upBias = Values("up", "bias");
        float[] both = new float[2 * gate.Length], turned = new float[down.Length];
        for (int expert = 0; expert < Experts; expert++)
            for (int inner = 0; inner < Inner; inner++)
                for (int i = 0; i < Width; i++)
                {
                    int from = (expert * Inner + inner) * Width + i, to = ((expert * Width + i) * Inner + inner) * 2;
                    (both[to], both[to + 1]) = (gate[from], up[from]);
                    turned[(expert * Inner + inner) * Width + i] = down[(expert * Width + i) * Inner + inner];
                }
        string module = $"model.layers.{layer}.mlp.experts.";
        yield return (module + "gate_up_proj", [Experts, Width, 2 * Inner], both);
        yield return (module + "gate_up_proj_bias", [Experts, 2 * Inner], [.. gateBias.Zip(upBias, (g, u) => (float[])[g, u]).SelectMany(b => b)]);
        yield return (module + "down_proj", [Experts, Inner, Width], turned);
        yield return (module + "down_proj_bias", [Experts, Width], Values("down", "bias"));

        float[] Values(string part, string kind) => tiny.Values($"blk.{layer}.ffn_{part}_exps.{kind}");
    }

    // Of each head: the rows of its keys, then those of its values.
    private static (string, long[], float[]) KeysAndValues(TinyFamily tiny, int layer)
    {
        const int Latent = TinyMixtures.Latent, Plain = TinyMixtures.PlainKey, Rows = Plain + Head;
        float[] keys = tiny.Values($"blk.{layer}.attn_k_b.weight"), values = tiny.Values($"blk.{layer}.attn_v_b.weight"), both = new float[TinyFamily.Heads * Rows * Latent];
        for (int head = 0; head < TinyFamily.Heads; head++)
        {
            for (int row = 0; row < Plain; row++)
                for (int i = 0; i < Latent; i++)
                    both[(head * Rows + row) * Latent + i] = keys[(head * Latent + i) * Plain + row];
            values.AsSpan(head * Head * Latent, Head * Latent).CopyTo(both.AsSpan((head * Rows + Plain) * Latent));
        }
        return ($"model.layers.{layer}.self_attn.kv_b_proj.weight", [TinyFamily.Heads * Rows, Latent], both);
    }

    private static string Factors(string tiny, string kind) =>
        $"[{string.Join(", ", TinyFamilies.Find(tiny).Values($"rope_factors_{kind}.weight").Select(v => v.ToString("R", CultureInfo.InvariantCulture)))}]";
}
