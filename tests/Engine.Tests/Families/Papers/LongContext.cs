using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>Rotations that follow the length of a sequence.</summary>
internal static class LongContext
{
    // Phi-3 (arXiv 2404.14219) with LongRoPE (arXiv 2402.13753): each frequency divided by a factor, cos and sin times another; fused projections, the gate's rows first; a window.
    public static double[][] Phi3(Paper p, int[] tokens, string factors)
    {
        double[][] x = p.Embed(tokens);
        int q = p.Heads * p.Head, k = p.KeyHeads * p.Head;
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] qkv = p.Linear(p.RmsNorm(x, l + "attn_norm"), l + "attn_qkv");
            x = Add(x, p.Linear(p.Attend(Rotated(Columns(qkv, 0, q)), Rotated(Columns(qkv, q, k)), Columns(qkv, q + k, k), window: TinyFamilies.Window), l + "attn_output"));
            double[][] both = p.Linear(p.RmsNorm(x, l + "ffn_norm"), l + "ffn_up");
            x = Add(x, p.Linear(Zip(Columns(both, 0, TinyFamily.Inner), Columns(both, TinyFamily.Inner, TinyFamily.Inner), (g, u) => Silu(g) * u), l + "ffn_down"));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied: false);

        double[][] Rotated(double[][] v) =>
            p.Rotate(v, neighbours: false, angle: i => Math.Pow(TinyFamily.RopeBase, -2.0 * i / p.Head) / p.Values(factors)[i], magnitude: TinyMixtures.AttentionFactor);
    }

    // Dynamic NTK as in Hugging Face's modeling_rope_utils: base · (factor · length / trained − (factor − 1))^(d / (d − 2)).
    public static double[][] DynamicNtk(Paper p, int[] tokens)
    {
        double d = p.Head, growth = 2.0 * TinyMixtures.DynamicLength / TinyMixtures.DynamicTrained - 1;
        double stretched = TinyFamily.RopeBase * Math.Pow(growth, d / (d - 2));
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            h = p.Attend(Rotated(p.Linear(h, l + "attn_q")), Rotated(p.Linear(h, l + "attn_k")), p.Linear(h, l + "attn_v"));
            x = Add(x, p.Linear(h, l + "attn_output"));
            x = Add(x, p.Gated(p.RmsNorm(x, l + "ffn_norm"), l, Silu));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied: false);

        double[][] Rotated(double[][] v) => p.Rotate(v, neighbours: true, angle: i => Math.Pow(stretched, -2.0 * i / d));
    }
}
