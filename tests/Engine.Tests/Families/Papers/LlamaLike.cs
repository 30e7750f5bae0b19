using Tessera.TestSupport.Families;
using static Tessera.Engine.Tests.Families.Papers.Paper;

namespace Tessera.Engine.Tests.Families.Papers;

/// <summary>Llama and those that differ from it in a detail.</summary>
internal static class LlamaLike
{
    // arXiv 2302.13971; with every projection's optional bias, and Llama 3.1's divisors of the frequencies.
    public static double[][] Llama(Paper p, int[] tokens) =>
        PreNorm(p, tokens, bias: true, feedForwardBias: true, rotate: (x, _) => p.Rotate(x, neighbours: true, angle: Divided(p)), logits: x => p.Logits(x, tied: false));

    // arXiv 2310.06825, section 2: a token sees the last W tokens in each layer.
    public static double[][] Mistral(Paper p, int[] tokens) =>
        PreNorm(p, tokens, rotate: (x, _) => p.Rotate(x, neighbours: true), window: TinyFamilies.Window, logits: x => p.Logits(x, tied: false));

    // arXiv 2407.10671, section 2.2.1: QKV bias.
    public static double[][] Qwen2(Paper p, int[] tokens) =>
        PreNorm(p, tokens, bias: true, outputBias: false, rotate: (x, _) => p.Rotate(x, neighbours: false), logits: x => p.Logits(x, tied: false, bias: true));

    // arXiv 2505.09388, section 2: QK-Norm on each head, no QKV bias; embeddings tied.
    public static double[][] Qwen3(Paper p, int[] tokens) =>
        PreNorm(p, tokens, rotate: (x, _) => p.Rotate(x, neighbours: false), headNorms: true, logits: x => p.Logits(x, tied: true));

    // Hugging Face SmolLM3: no rotation in every fourth layer.
    public static double[][] SmolLm3(Paper p, int[] tokens) =>
        PreNorm(p, tokens, bias: true, outputBias: false, keyBias: i => i != 3, rotate: (x, i) => i == 3 ? x : p.Rotate(x, neighbours: true), logits: x => p.Logits(x, tied: true));

    // Hugging Face Granite: embedding_multiplier, attention_multiplier, residual_multiplier, and logits divided by logits_scaling.
    public static double[][] Granite(Paper p, int[] tokens) =>
        PreNorm(p, tokens, bias: true, feedForwardBias: true, rotate: (x, _) => p.Rotate(x, neighbours: true, angle: Divided(p)), embedding: 3, scale: 0.2f, residual: 0.5,
            logits: x => Times(p.Logits(x, tied: true), 1.0 / 4));

    private static Func<int, double> Divided(Paper p) => i => Math.Pow(100, -2.0 * i / p.Head) / p.Values("rope_freqs.weight")[i];

    private static double[][] PreNorm(Paper p, int[] tokens, Func<double[][], int, double[][]> rotate, Func<double[][], double[][]> logits, bool bias = false, bool? outputBias = null,
        bool feedForwardBias = false, Func<int, bool>? keyBias = null, bool headNorms = false, int window = int.MaxValue, double embedding = 1, double? scale = null, double residual = 1)
    {
        double[][] x = p.Embed(tokens, embedding);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            double[][] q = p.Linear(h, l + "attn_q", bias), k = p.Linear(h, l + "attn_k", bias && (keyBias?.Invoke(i) ?? true)), v = p.Linear(h, l + "attn_v", bias);
            if (headNorms)
                (q, k) = (p.RmsNorm(q, l + "attn_q_norm", p.Heads), p.RmsNorm(k, l + "attn_k_norm", p.KeyHeads));
            h = p.Linear(p.Attend(rotate(q, i), rotate(k, i), v, scale, window), l + "attn_output", outputBias ?? bias);
            x = Add(x, Times(h, residual));
            h = p.Gated(p.RmsNorm(x, l + "ffn_norm"), l, Silu, feedForwardBias);
            x = Add(x, Times(h, residual));
        }
        return logits(p.RmsNorm(x, "output_norm"));
    }
}
