using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>Families whose feed-forwards are mixtures of experts.</summary>
internal static class Mixtures
{
    private const int Used = 2;

    // arXiv 2401.04088, section 2.1: G(x) = softmax(TopK(x · W)).
    public static double[][] Mixtral(Paper p, int[] tokens) =>
        PreNorm(p, tokens, (l, h) => Experts(p, h, l, TopOfLogits, (g, u) => Silu(g) * u), "ffn_norm", (l, _, h) => Attention(p, l, h, neighbours: true), tied: false);

    // The same with all that Llama's layers may have, a window, and a layer whose feed-forward is for all rows.
    public static double[][] MixtralDense(Paper p, int[] tokens) =>
        PreNorm(p, tokens, (l, h) => p.Has(l + "ffn_gate_inp.weight") ? Experts(p, h, l, TopOfLogits, (g, u) => Silu(g) * u) : p.Gated(h, l, Silu), "ffn_norm", (l, _, h) =>
        {
            double[][] q = Rotated(p.Linear(h, l + "attn_q", bias: true)), k = Rotated(p.Linear(h, l + "attn_k", bias: true)), v = p.Linear(h, l + "attn_v", bias: true);
            return p.Linear(p.Attend(q, k, v, window: TinyFamilies.Window), l + "attn_output", bias: true);

            double[][] Rotated(double[][] x) => p.Rotate(x, neighbours: true, angle: i => Math.Pow(TinyFamily.RopeBase, -2.0 * i / p.Head) / p.Values("rope_freqs.weight")[i]);
        }, tied: false);

    // norm_topk_prob false: the shares of all experts; windows on some layers.
    public static double[][] Qwen3MoeWindow(Paper p, int[] tokens) =>
        PreNorm(p, tokens, (l, h) => Experts(p, h, l, Shares, (g, u) => Silu(g) * u), "ffn_norm", (l, i, h) =>
        {
            double[][] q = p.RmsNorm(p.Linear(h, l + "attn_q"), l + "attn_q_norm", p.Heads), k = p.RmsNorm(p.Linear(h, l + "attn_k"), l + "attn_k_norm", p.KeyHeads);
            int window = TinyVariants.Windows[i] ? TinyFamilies.Window : int.MaxValue;
            return p.Linear(p.Attend(p.Rotate(q, neighbours: false), p.Rotate(k, neighbours: false), p.Linear(h, l + "attn_v"), window: window), l + "attn_output");
        }, tied: true);

    // arXiv 2505.09388 with Hugging Face's Qwen3MoeSparseMoeBlock: softmax over all, the best divided by their sum; QK-Norm; embeddings tied.
    public static double[][] Qwen3Moe(Paper p, int[] tokens) =>
        PreNorm(p, tokens, (l, h) => p.Has(l + "ffn_gate_inp.weight") ? Experts(p, h, l, TopOfShares, (g, u) => Silu(g) * u) : p.Gated(h, l, Silu), "ffn_norm", (l, _, h) =>
        {
            double[][] q = p.RmsNorm(p.Linear(h, l + "attn_q"), l + "attn_q_norm", p.Heads), k = p.RmsNorm(p.Linear(h, l + "attn_k"), l + "attn_k_norm", p.KeyHeads);
            return p.Linear(p.Attend(p.Rotate(q, neighbours: false), p.Rotate(k, neighbours: false), p.Linear(h, l + "attn_v")), l + "attn_output");
        }, tied: true);

    // arXiv 2508.10925 with OpenAI's reference: sinks, a window in layers 0, 2, …, SwiGLU clamped at 7 with 1.702 and + 1, a YaRN ramp between pairs.
    public static double[][] GptOss(Paper p, int[] tokens, bool yarn) =>
        PreNorm(p, tokens, (l, h) => Experts(p, h, l, TopOfLogits, Clamped, bias: true), "post_attention_norm", (l, i, h) =>
        {
            double[][] q = p.Linear(h, l + "attn_q", bias: true), k = p.Linear(h, l + "attn_k", bias: true), v = p.Linear(h, l + "attn_v", bias: true);
            Func<int, double>? angle = yarn ? pair => Yarn(pair, p.Head, TinyMixtures.YarnTrained, rounded: false) : null;
            double magnitude = yarn ? 0.1 * Math.Log(TinyMixtures.YarnFactor) + 1 : 1;
            (q, k) = (p.Rotate(q, neighbours: false, angle: angle, magnitude: magnitude), p.Rotate(k, neighbours: false, angle: angle, magnitude: magnitude));
            return p.Linear(p.Attend(q, k, v, window: i % 2 == 0 ? TinyFamilies.Window : int.MaxValue, sinks: p.Values(l + "attn_sinks.weight")), l + "attn_output", bias: true);
        }, tied: false);

    /// <summary>Σ weight · down(act(gate, up)) of each token's experts.</summary>
    public static double[][] Experts(Paper p, double[][] x, string layer, Func<double[], (int Expert, double Weight)[]> route, Func<double, double, double> act, bool bias = false)
    {
        double[][] logits = p.Linear(x, layer + "ffn_gate_inp", bias);
        return [.. x.Select((row, t) =>
        {
            double[] sum = new double[row.Length];
            foreach ((int expert, double weight) in route(logits[t]))
            {
                double[] gate = Product(row, "ffn_gate_exps", expert), up = Product(row, "ffn_up_exps", expert);
                double[] down = Product([.. gate.Zip(up, act)], "ffn_down_exps", expert);
                for (int i = 0; i < sum.Length; i++)
                    sum[i] += weight * down[i];
            }
            return sum;
        })];

        double[] Product(double[] v, string name, int expert)
        {
            float[] w = p.Values($"{layer}{name}.weight");
            int rows = w.Length / logits[0].Length / v.Length;
            return [.. Enumerable.Range(0, rows).Select(o => Enumerable.Range(0, v.Length).Sum(i => w[(expert * rows + o) * v.Length + i] * v[i])
                + (bias ? p.Values($"{layer}{name}.bias")[expert * rows + o] : 0))];
        }
    }

    public static double[] Softmax(double[] x)
    {
        double[] e = [.. x.Select(v => Math.Exp(v - x.Max()))];
        return [.. e.Select(v => v / e.Sum())];
    }

    /// <summary>The indices of the best, best first.</summary>
    public static int[] Top(double[] scores, int count) => [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i]).Take(count)];

    /// <summary>YaRN (arXiv 2309.00071): radians for each position of a pair, for 32 and 1 turns within the trained length.</summary>
    public static double Yarn(int pair, int d, int trained, bool rounded)
    {
        double low = PairOf(32), high = PairOf(1);
        if (rounded)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, d - 1));
        double own = Math.Pow(TinyFamily.RopeBase, -2.0 * pair / d), interpolated = Math.Clamp((pair - low) / (high - low), 0, 1);
        return own / TinyMixtures.YarnFactor * interpolated + own * (1 - interpolated);

        double PairOf(double turns) => d / 2.0 * Math.Log(trained / (turns * 2 * Math.PI)) / Math.Log(TinyFamily.RopeBase);
    }

    private static (int, double)[] TopOfLogits(double[] logits)
    {
        int[] best = Top(logits, Used);
        return [.. best.Zip(Softmax([.. best.Select(e => logits[e])]))];
    }

    private static (int, double)[] TopOfShares(double[] logits)
    {
        double[] shares = Softmax(logits);
        int[] best = Top(shares, Used);
        return [.. best.Select(e => (e, shares[e] / best.Sum(o => shares[o])))];
    }

    private static (int, double)[] Shares(double[] logits)
    {
        double[] shares = Softmax(logits);
        return [.. Top(shares, Used).Select(e => (e, shares[e]))];
    }

    private static double Clamped(double gate, double up)
    {
        (gate, up) = (Math.Min(gate, 7), Math.Clamp(up, -7, 7));
        return gate / (1 + Math.Exp(-1.702 * gate)) * (up + 1);
    }

    private static double[][] Attention(Paper p, string l, double[][] h, bool neighbours) =>
        p.Linear(p.Attend(p.Rotate(p.Linear(h, l + "attn_q"), neighbours), p.Rotate(p.Linear(h, l + "attn_k"), neighbours), p.Linear(h, l + "attn_v")), l + "attn_output");

    private static double[][] PreNorm(Paper p, int[] tokens, Func<string, double[][], double[][]> feedForward, string secondNorm, Func<string, int, double[][], double[][]> attention, bool tied)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            x = Add(x, attention(l, i, p.RmsNorm(x, l + "attn_norm")));
            x = Add(x, feedForward(l, p.RmsNorm(x, l + secondNorm)));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied);
    }
}
