using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>The families with a norm after each block.</summary>
internal static class PostNormed
{
    // arXiv 2501.00656, section 3.1: x + RMSNorm(attention(x)), x + RMSNorm(mlp(x)), QK-norm.
    public static double[][] Olmo2(Paper p, int[] tokens) => Olmo(p, tokens, (x, _) => p.Rotate(x, neighbours: false), _ => int.MaxValue);

    // OLMo 3: windows in some layers (here all but the second); YaRN (arXiv 2309.00071, section 3) where there is none.
    public static double[][] Olmo3(Paper p, int[] tokens) =>
        Olmo(p, tokens, (x, i) => i == 1 ? p.Rotate(x, neighbours: false, angle: pair => Yarn(p.Head, pair), magnitude: 1 + 0.1 * Math.Log(4)) : p.Rotate(x, neighbours: false),
            i => i == 1 ? int.MaxValue : TinyFamilies.Window);

    // Hugging Face Glm4: sandwich norms, half of a head rotates as neighbours, gate and up in one matrix.
    public static double[][] Glm4(Paper p, int[] tokens)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            double[][] q = p.Rotate(p.Linear(h, l + "attn_q", bias: true), neighbours: true, p.Head / 2), k = p.Rotate(p.Linear(h, l + "attn_k", bias: true), neighbours: true, p.Head / 2);
            h = p.Linear(p.Attend(q, k, p.Linear(h, l + "attn_v", bias: true)), l + "attn_output");
            x = Add(x, p.RmsNorm(h, l + "post_attention_norm"));
            h = p.Linear(p.RmsNorm(x, l + "ffn_norm"), l + "ffn_up");
            h = Zip(Columns(h, 0, TinyFamily.Inner), Columns(h, TinyFamily.Inner, TinyFamily.Inner), (gate, up) => Silu(gate) * up);
            x = Add(x, p.RmsNorm(p.Linear(h, l + "ffn_down"), l + "post_ffw_norm"));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied: false);
    }

    private static double[][] Olmo(Paper p, int[] tokens, Func<double[][], int, double[][]> rotate, Func<int, int> window)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] q = p.RmsNorm(p.Linear(x, l + "attn_q"), l + "attn_q_norm"), k = p.RmsNorm(p.Linear(x, l + "attn_k"), l + "attn_k_norm");
            double[][] h = p.Linear(p.Attend(rotate(q, i), rotate(k, i), p.Linear(x, l + "attn_v"), window: window(i)), l + "attn_output");
            x = Add(x, p.RmsNorm(h, l + "post_attention_norm"));
            x = Add(x, p.RmsNorm(p.Gated(x, l, Silu), l + "post_ffw_norm"));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied: false);
    }

    // Factor 4 over a context of 16: pairs that turn more than 32 times in it keep their frequency, those below 1 are divided, with a ramp between the two (limits rounded outwards).
    private static double Yarn(int d, int pair)
    {
        double Pair(double turns) => d * Math.Log(16 / (turns * 2 * Math.PI)) / (2 * Math.Log(TinyFamily.RopeBase));
        double low = Math.Max(0, Math.Floor(Pair(32))), high = Math.Min(d - 1, Math.Ceiling(Pair(1)));
        double frequency = Math.Pow(TinyFamily.RopeBase, -2.0 * pair / d), interpolated = Math.Clamp((pair - low) / (high - low), 0, 1);
        return frequency / 4 * interpolated + frequency * (1 - interpolated);
    }
}
