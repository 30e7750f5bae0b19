using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Mixtures;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>DeepSeek-V2 and V3: latent attention head by head, as its equations have it, whatever matrices the file has.</summary>
internal static class Latent
{
    private const int Plain = TinyMixtures.PlainKey, Rotating = TinyMixtures.RotatingKey, Rank = TinyMixtures.Latent;
    private const int Value = TinyFamily.Width / TinyFamily.Heads, Key = Plain + Rotating;

    // arXiv 2405.04434, sections 2.1 and 2.2: softmax scores; device-limited routing by each group's best; weights are the scores.
    public static double[][] V2(Paper p, int[] tokens, int groups, int groupsUsed) => Layers(p, tokens, mscale: 0.707, logits =>
    {
        double[] scores = Softmax(logits);
        double[][] parts = [.. scores.Chunk(scores.Length / groups)];
        int[] open = Top([.. parts.Select(part => part.Max())], groupsUsed);
        double[] limited = [.. scores.Select((s, e) => open.Contains(e / parts[0].Length) ? s : 0)];
        return [.. Top(limited, TinyMixtures.LatentUsed).Select(e => (e, scores[e] * TinyMixtures.LatentScale))];
    });

    // arXiv 2412.19437, section 2.1.2: sigmoid affinities; a bias where experts are chosen; node-limited routing by the sum of a group's best two; gates normalized among the chosen.
    public static double[][] V3(Paper p, int[] tokens) => Layers(p, tokens, mscale: 1, null, (logits, bias) =>
    {
        double[] scores = [.. logits.Select(v => 1 / (1 + Math.Exp(-v)))];
        double[] biased = [.. scores.Select((s, e) => s + bias[e])];
        double[][] parts = [.. biased.Chunk(2)];
        int[] open = Top([.. parts.Select(part => part[0] + part[1])], 2);
        double[] limited = [.. biased.Select((s, e) => open.Contains(e / 2) ? s : double.NegativeInfinity)];
        int[] chosen = Top(limited, TinyMixtures.LatentUsed);
        return [.. chosen.Select(e => (e, scores[e] / chosen.Sum(o => scores[o]) * TinyMixtures.LatentScale))];
    });

    private static double[][] Layers(Paper p, int[] tokens, double mscale, Func<double[], (int, double)[]>? route, Func<double[], float[], (int, double)[]>? biased = null)
    {
        double[][] x = p.Embed(tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            x = Add(x, Attention(p, l, p.RmsNorm(x, l + "attn_norm"), mscale));
            double[][] h = p.RmsNorm(x, l + "ffn_norm");
            if (i == 0)
            {
                x = Add(x, p.Gated(h, l, Silu));
                continue;
            }
            Func<double[], (int, double)[]> own = route ?? (logits => biased!(logits, p.Values(l + "exp_probs_b.bias")));
            double[][] shared = p.Linear(Zip(p.Linear(h, l + "ffn_gate_shexp"), p.Linear(h, l + "ffn_up_shexp"), (g, u) => Silu(g) * u), l + "ffn_down_shexp");
            x = Add(x, Add(shared, Experts(p, h, l, own, (g, u) => Silu(g) * u)));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied: false);
    }

    private static double[][] Attention(Paper p, string l, double[][] h, double mscale)
    {
        double[][] q = p.Has(l + "attn_q_a.weight") ? p.Linear(p.RmsNorm(p.Linear(h, l + "attn_q_a"), l + "attn_q_a_norm"), l + "attn_q_b") : p.Linear(h, l + "attn_q");
        double[][] compressed = p.Linear(h, l + "attn_kv_a_mqa");
        double[][] c = p.RmsNorm(Columns(compressed, 0, Rank), l + "attn_kv_a_norm"), shared = Rotated(Columns(compressed, Rank, Rotating));
        // DeepSeek's reference: softmax_scale · mscale², and no magnitude in the rotation where both of its mscales are equal.
        double m = 1 + 0.1 * mscale * Math.Log(TinyMixtures.YarnFactor), scale = m * m / Math.Sqrt(Key);
        double[][] result = [.. h.Select(_ => new double[p.Heads * Value])];
        for (int head = 0; head < p.Heads; head++)
        {
            double[][] keys = [.. c.Select((row, t) => UpKey(row, head).Concat(shared[t]).ToArray())], values = [.. c.Select(row => UpValue(row, head))];
            double[][] own = Columns(q, head * Key, Key), turned = Rotated(Columns(own, Plain, Rotating));
            for (int t = 0; t < h.Length; t++)
            {
                double[] query = [.. own[t][..Plain], .. turned[t]];
                double[] share = Softmax([.. keys[..(t + 1)].Select(key => scale * key.Zip(query, (a, b) => a * b).Sum())]);
                for (int i = 0; i < Value; i++)
                    result[t][head * Value + i] = share.Select((s, j) => s * values[j][i]).Sum();
            }
        }
        return p.Linear(result, l + "attn_output");

        double[] UpKey(double[] row, int head) => [.. Enumerable.Range(0, Plain).Select(o => Enumerable.Range(0, Rank).Sum(i => row[i] * (p.Has(l + "attn_kv_b.weight")
            ? p.Values(l + "attn_kv_b.weight")[(head * (Plain + Value) + o) * Rank + i]
            : p.Values(l + "attn_k_b.weight")[(head * Rank + i) * Plain + o])))];

        double[] UpValue(double[] row, int head) => [.. Enumerable.Range(0, Value).Select(o => Enumerable.Range(0, Rank).Sum(i => row[i] * (p.Has(l + "attn_kv_b.weight")
            ? p.Values(l + "attn_kv_b.weight")[(head * (Plain + Value) + Plain + o) * Rank + i]
            : p.Values(l + "attn_v_b.weight")[(head * Value + o) * Rank + i])))];
    }

    // Neighbouring pairs, by YaRN's rounded ramp.
    private static double[][] Rotated(double[][] x) => [.. x.Select((row, t) => Enumerable.Range(0, Rotating).Select(i =>
    {
        (double sin, double cos) = Math.SinCos(t * Yarn(i / 2, Rotating, TinyMixtures.LatentTrained, rounded: true));
        return i % 2 == 0 ? row[i] * cos - row[i + 1] * sin : row[i - 1] * sin + row[i] * cos;
    }).ToArray())];
}
