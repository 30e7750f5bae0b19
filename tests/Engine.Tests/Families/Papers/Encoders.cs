using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>The encoders: hidden states of a whole sequence, and the vector that stands for it.</summary>
internal static class Encoders
{
    // arXiv 1810.04805 and the reference code: LN(x + attention(x)), LN(x + W₂ gelu(W₁ x)), learned positions from a first row on.
    public static double[][] Bert(Paper p, int[] tokens, int[] types, int firstPosition)
    {
        double[][] x = Add(Add(p.Embed(tokens), Rows(p, "token_types.weight", types)), Rows(p, "position_embd.weight", [.. tokens.Select((_, i) => firstPosition + i)]));
        x = p.LayerNorm(x, "token_embd_norm", bias: true);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = Attend(p, p.Linear(x, l + "attn_q", bias: true), p.Linear(x, l + "attn_k", bias: true), p.Linear(x, l + "attn_v", bias: true));
            x = p.LayerNorm(Add(x, p.Linear(h, l + "attn_output", bias: true)), l + "attn_output_norm", bias: true);
            h = p.Linear(Map(p.Linear(x, l + "ffn_up", bias: true), GeluErf), l + "ffn_down", bias: true);
            x = p.LayerNorm(Add(x, h), l + "layer_output_norm", bias: true);
        }
        return x;
    }

    // arXiv 2402.01613, section 3.1: BERT with rotations, SwiGLU and no biases.
    public static double[][] Nomic(Paper p, int[] tokens, int[] types)
    {
        double[][] x = p.LayerNorm(Add(p.Embed(tokens), Rows(p, "token_types.weight", types)), "token_embd_norm", bias: true);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            (double[][] q, double[][] k, double[][] v) = Fused(p, x, l);
            double[][] h = Attend(p, p.Rotate(q, neighbours: false), p.Rotate(k, neighbours: false), v);
            x = p.LayerNorm(Add(x, p.Linear(h, l + "attn_output")), l + "attn_output_norm", bias: true);
            x = p.LayerNorm(Add(x, p.Gated(x, l, Silu)), l + "layer_output_norm", bias: true);
        }
        return x;
    }

    // arXiv 2412.13663, section 2.1: pre-norm, GeGLU, one layer of three (the first of them) global, the others within half a window on each side and with another base.
    public static double[][] Modern(Paper p, int[] tokens)
    {
        double[][] x = p.LayerNorm(p.Embed(tokens), "token_embd_norm");
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            bool isGlobal = i % 3 == 0;
            double[][] h = i == 0 ? x : p.LayerNorm(x, l + "attn_norm");
            (double[][] q, double[][] k, double[][] v) = Fused(p, h, l);
            Func<int, double> angle = pair => Math.Pow(isGlobal ? TinyFamily.RopeBase : 30, -2.0 * pair / p.Head);
            h = Attend(p, p.Rotate(q, neighbours: false, angle: angle), p.Rotate(k, neighbours: false, angle: angle), v, isGlobal ? int.MaxValue : TinyEncoders.Window / 2);
            x = Add(x, p.Linear(h, l + "attn_output"));
            h = p.Linear(p.LayerNorm(x, l + "ffn_norm"), l + "ffn_up");
            h = Zip(Columns(h, 0, TinyFamily.Inner), Columns(h, TinyFamily.Inner, TinyFamily.Inner), (input, gate) => GeluErf(input) * gate);
            x = Add(x, p.Linear(h, l + "ffn_down"));
        }
        return p.LayerNorm(x, "output_norm");
    }

    public static double[] Mean(double[][] x) => [.. Enumerable.Range(0, x[0].Length).Select(i => x.Average(row => row[i]))];

    /// <summary>Hugging Face's heads: a dense layer with a nonlinearity, perhaps a norm, then the scores.</summary>
    public static double[] Classify(Paper p, double[] x, Func<double, double> activation, bool norm)
    {
        double[][] h = Map(p.Linear([x], "cls", bias: p.Has("cls.bias")), activation);
        return p.Linear(norm ? p.LayerNorm(h, "cls.norm") : h, "cls.output", bias: true)[0];
    }

    /// <summary>x · Φ(x), with the normal distribution's integral by Simpson's rule.</summary>
    public static double GeluErf(double x)
    {
        const int Steps = 2000;
        double width = x / Steps, sum = 0;
        for (int i = 0; i <= Steps; i++)
            sum += (i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-i * width * i * width / 2);
        return x * (0.5 + sum * width / 3 / Math.Sqrt(2 * Math.PI));
    }

    private static double[][] Rows(Paper p, string name, int[] rows) =>
        [.. rows.Select(r => p.Values(name).Skip(r * TinyFamily.Width).Take(TinyFamily.Width).Select(v => (double)v).ToArray())];

    private static (double[][] Q, double[][] K, double[][] V) Fused(Paper p, double[][] x, string layer)
    {
        double[][] all = p.Linear(x, layer + "attn_qkv");
        int q = p.Heads * p.Head, k = p.KeyHeads * p.Head;
        return (Columns(all, 0, q), Columns(all, q, k), Columns(all, q + k, k));
    }

    // Every token over all tokens, or over those at most a distance away.
    private static double[][] Attend(Paper p, double[][] q, double[][] k, double[][] v, int distance = int.MaxValue)
    {
        double[][] result = [.. q.Select(_ => new double[p.Heads * p.Head])];
        for (int t = 0; t < q.Length; t++)
            for (int h = 0; h < p.Heads; h++)
            {
                int from = h * p.Head, of = h * p.KeyHeads / p.Heads * p.Head;
                int[] seen = [.. Enumerable.Range(0, q.Length).Where(j => Math.Abs(j - t) <= distance)];
                double[] e = [.. seen.Select(j => Math.Exp(Enumerable.Range(0, p.Head).Sum(i => q[t][from + i] * k[j][of + i]) / Math.Sqrt(p.Head)))];
                for (int i = 0; i < p.Head; i++)
                    result[t][from + i] = seen.Select((j, n) => e[n] / e.Sum() * v[j][of + i]).Sum();
            }
        return result;
    }
}
