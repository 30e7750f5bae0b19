using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>The three Gemmas; weights of norms are stored as they are used.</summary>
internal static class GemmaLike
{
    // arXiv 2403.08295, section 2: RoPE, GeGLU, RMSNorm before each block, tied embeddings, scaled by the root of the width.
    public static double[][] Gemma(Paper p, int[] tokens)
    {
        double[][] x = p.Embed(tokens, Math.Sqrt(TinyFamily.Width));
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            double[][] q = p.Rotate(p.Linear(h, l + "attn_q"), neighbours: false), k = p.Rotate(p.Linear(h, l + "attn_k"), neighbours: false);
            x = Add(x, p.Linear(p.Attend(q, k, p.Linear(h, l + "attn_v")), l + "attn_output"));
            x = Add(x, p.Gated(p.RmsNorm(x, l + "ffn_norm"), l, Gelu));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied: true);
    }

    // arXiv 2408.00118, section 2: local and global attention in turn, caps of 50 and 30 (here 2 and 3), pre-norm and post-norm.
    public static double[][] Gemma2(Paper p, int[] tokens, double localBase = 30, double scoreCap = 2, double logitCap = 3)
    {
        double[][] x = p.Embed(tokens, Math.Sqrt(TinyFamily.Width));
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            bool local = i % 2 == 0;
            double Angle(int pair) => Math.Pow(local ? localBase : 100, -2.0 * pair / p.Head);
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            double[][] q = p.Rotate(p.Linear(h, l + "attn_q"), neighbours: false, angle: Angle), k = p.Rotate(p.Linear(h, l + "attn_k"), neighbours: false, angle: Angle);
            h = p.Attend(q, k, p.Linear(h, l + "attn_v"), window: local ? TinyFamilies.Window : int.MaxValue, cap: scoreCap);
            x = Add(x, p.RmsNorm(p.Linear(h, l + "attn_output"), l + "post_attention_norm"));
            h = p.Gated(p.RmsNorm(x, l + "ffn_norm"), l, Gelu);
            x = Add(x, p.RmsNorm(h, l + "post_ffw_norm"));
        }
        return Map(p.Logits(p.RmsNorm(x, "output_norm"), tied: true), y => Cap(y, logitCap));
    }

    // arXiv 2503.19786, section 2: five local layers to a global one, QK-norm instead of the cap; base 10,000 locally, positions of the global layers divided by a factor.
    public static double[][] Gemma3(Paper p, int[] tokens, bool windows = true, double factor = 2, double logitCap = 3)
    {
        double[][] x = p.Embed(tokens, Math.Sqrt(TinyFamily.Width));
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            bool local = windows && i % 6 != 5;
            double Angle(int pair) => local ? Math.Pow(10_000, -2.0 * pair / p.Head) : Math.Pow(100, -2.0 * pair / p.Head) / factor;
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            double[][] q = p.RmsNorm(p.Linear(h, l + "attn_q"), l + "attn_q_norm", p.Heads), k = p.RmsNorm(p.Linear(h, l + "attn_k"), l + "attn_k_norm", p.KeyHeads);
            (q, k) = (p.Rotate(q, neighbours: false, angle: Angle), p.Rotate(k, neighbours: false, angle: Angle));
            h = p.Attend(q, k, p.Linear(h, l + "attn_v"), window: local ? TinyFamilies.Window : int.MaxValue);
            x = Add(x, p.RmsNorm(p.Linear(h, l + "attn_output"), l + "post_attention_norm"));
            h = p.Gated(p.RmsNorm(x, l + "ffn_norm"), l, Gelu);
            x = Add(x, p.RmsNorm(h, l + "post_ffw_norm"));
        }
        return Map(p.Logits(p.RmsNorm(x, "output_norm"), tied: !p.Has("output.weight")), y => Cap(y, logitCap));
    }
}
