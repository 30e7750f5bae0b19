using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>The families with layer norms.</summary>
internal static class LayerNormed
{
    // Hugging Face Phi: x + attention(n) + mlp(n) with one norm n, partial_rotary_factor, biases everywhere.
    public static double[][] Phi2(Paper p, int[] tokens)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] n = p.LayerNorm(x, l + "attn_norm", bias: true);
            double[][] qkv = p.Linear(n, l + "attn_qkv", bias: true);
            int width = p.Heads * p.Head, keys = p.KeyHeads * p.Head;
            double[][] q = Columns(qkv, 0, width), k = Columns(qkv, width, keys), v = Columns(qkv, width + keys, keys);
            (q, k) = (p.Rotate(q, neighbours: false, p.Head / 2), p.Rotate(k, neighbours: false, p.Head / 2));
            double[][] mlp = p.Linear(Map(p.Linear(n, l + "ffn_up", bias: true), Gelu), l + "ffn_down", bias: true);
            x = Add(x, Add(p.Linear(p.Attend(q, k, v), l + "attn_output", bias: true), mlp));
        }
        return p.Logits(p.LayerNorm(x, "output_norm", bias: true), tied: false, bias: true);
    }

    // arXiv 2402.19173, section 6: grouped queries, RoPE, a window; otherwise as GPT with biases.
    public static double[][] StarCoder2(Paper p, int[] tokens, int window)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.LayerNorm(x, l + "attn_norm", bias: true);
            double[][] q = p.Rotate(p.Linear(h, l + "attn_q", bias: true), neighbours: false), k = p.Rotate(p.Linear(h, l + "attn_k", bias: true), neighbours: false);
            h = p.Attend(q, k, p.Linear(h, l + "attn_v", bias: true), window: window);
            x = Add(x, p.Linear(h, l + "attn_output", bias: true));
            h = p.LayerNorm(x, l + "ffn_norm", bias: true);
            x = Add(x, p.Linear(Map(p.Linear(h, l + "ffn_up", bias: true), Gelu), l + "ffn_down", bias: true));
        }
        return p.Logits(p.LayerNorm(x, "output_norm", bias: true), tied: !p.Has("output.weight"));
    }

    // arXiv 2402.17834, section 2.2: LayerNorm with learned bias, RoPE on part of the head, QKV bias, SwiGLU.
    public static double[][] StableLm(Paper p, int[] tokens)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.LayerNorm(x, l + "attn_norm", bias: true);
            double[][] q = p.Linear(h, l + "attn_q", bias: true), k = p.Linear(h, l + "attn_k", bias: true);
            (q, k) = (p.Rotate(q, neighbours: false, p.Head / 2), p.Rotate(k, neighbours: false, p.Head / 2));
            x = Add(x, p.Linear(p.Attend(q, k, p.Linear(h, l + "attn_v", bias: true)), l + "attn_output"));
            x = Add(x, p.Gated(p.LayerNorm(x, l + "ffn_norm", bias: true), l, Silu));
        }
        return p.Logits(p.LayerNorm(x, "output_norm", bias: true), tied: false);
    }

    // Hugging Face StableLm with qk_layernorm and use_parallel_residual, as stablelm-2-12b has them.
    public static double[][] StableLm12B(Paper p, int[] tokens)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] n = p.LayerNorm(x, l + "attn_norm", bias: true);
            double[][] q = p.LayerNorm(p.Linear(n, l + "attn_q"), l + "attn_q_norm", parts: p.Heads), k = p.LayerNorm(p.Linear(n, l + "attn_k"), l + "attn_k_norm", parts: p.KeyHeads);
            (q, k) = (p.Rotate(q, neighbours: false, p.Head / 2), p.Rotate(k, neighbours: false, p.Head / 2));
            double[][] attention = p.Linear(p.Attend(q, k, p.Linear(n, l + "attn_v")), l + "attn_output");
            x = Add(x, Add(attention, p.Gated(n, l, Silu)));
        }
        return p.Logits(p.LayerNorm(x, "output_norm", bias: true), tied: false);
    }

    // Hugging Face Cohere: parallel block on one norm without bias, neighbours rotate, logit_scale; use_qk_norm for the larger.
    public static double[][] CommandR(Paper p, int[] tokens, bool headNorms) =>
        Cohere(p, tokens, (i, q, k) =>
        {
            if (headNorms)
                (q, k) = (p.LayerNorm(q, $"blk.{i}.attn_q_norm", parts: p.Heads), p.LayerNorm(k, $"blk.{i}.attn_k_norm", parts: p.KeyHeads));
            return (p.Rotate(q, neighbours: true), p.Rotate(k, neighbours: true));
        }, _ => int.MaxValue);

    // arXiv 2504.00698, section 2: three layers with a window and RoPE to one with full attention and no positions.
    public static double[][] Cohere2(Paper p, int[] tokens) =>
        Cohere(p, tokens, (i, q, k) => i % 4 == 3 ? (q, k) : (p.Rotate(q, neighbours: true), p.Rotate(k, neighbours: true)), i => i % 4 == 3 ? int.MaxValue : TinyFamilies.Window);

    private static double[][] Cohere(Paper p, int[] tokens, Func<int, double[][], double[][], (double[][], double[][])> position, Func<int, int> window)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] n = p.LayerNorm(x, l + "attn_norm");
            (double[][] q, double[][] k) = position(i, p.Linear(n, l + "attn_q"), p.Linear(n, l + "attn_k"));
            double[][] attention = p.Linear(p.Attend(q, k, p.Linear(n, l + "attn_v"), window: window(i)), l + "attn_output");
            x = Add(x, Add(attention, p.Gated(n, l, Silu)));
        }
        return Times(p.Logits(p.LayerNorm(x, "output_norm"), tied: true), 0.25);
    }
}
