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
        PreNorm(p, tokens, rotate: (x, _) => p.Rotate(x, neighbours: true), window: _ => TinyFamilies.Window, logits: x => p.Logits(x, tied: false));

    // arXiv 2407.10671, section 2.2.1: QKV bias.
    public static double[][] Qwen2(Paper p, int[] tokens) =>
        PreNorm(p, tokens, bias: true, outputBias: false, rotate: (x, _) => p.Rotate(x, neighbours: false), logits: x => p.Logits(x, tied: false, bias: true));

    // arXiv 2406.12793, section 2, and Hugging Face Glm: QKV bias, the first half of a head rotates as neighbours, gate and up in one matrix.
    public static double[][] ChatGlm(Paper p, int[] tokens)
    {
        double[][] x = p.Embed(tokens);
        int queries = p.Heads * p.Head, keys = p.KeyHeads * p.Head;
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] all = p.Linear(p.RmsNorm(x, l + "attn_norm"), l + "attn_qkv", bias: true);
            double[][] q = p.Rotate(Columns(all, 0, queries), neighbours: true, p.Head / 2), k = p.Rotate(Columns(all, queries, keys), neighbours: true, p.Head / 2);
            x = Add(x, p.Linear(p.Attend(q, k, Columns(all, queries + keys, keys)), l + "attn_output"));
            double[][] both = p.Linear(p.RmsNorm(x, l + "ffn_norm"), l + "ffn_up");
            x = Add(x, p.Linear(Zip(Columns(both, 0, TinyFamily.Inner), Columns(both, TinyFamily.Inner, TinyFamily.Inner), (g, u) => Silu(g) * u), l + "ffn_down"));
        }
        return p.Logits(p.RmsNorm(x, "output_norm"), tied: false);
    }

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

    // Hugging Face Qwen2 and Qwen3 with use_sliding_window: only the layers of layer_types' "sliding_attention" have one.
    public static double[][] Qwen2Window(Paper p, int[] tokens) =>
        PreNorm(p, tokens, bias: true, outputBias: false, rotate: (x, _) => p.Rotate(x, neighbours: false), window: Window, logits: x => p.Logits(x, tied: true));

    public static double[][] Qwen3Window(Paper p, int[] tokens) =>
        PreNorm(p, tokens, rotate: (x, _) => p.Rotate(x, neighbours: false), headNorms: true, window: Window, logits: x => p.Logits(x, tied: true));

    // Hugging Face SmolLM3 with its no_rope_layers and layer_types.
    public static double[][] SmolLm3Layers(Paper p, int[] tokens) =>
        PreNorm(p, tokens, rotate: (x, i) => TinyVariants.Rotating[i] == 0 ? x : p.Rotate(x, neighbours: true), window: Window, logits: x => p.Logits(x, tied: true));

    // Granite without positions: position_embedding_type "nope".
    public static double[][] GraniteUnrotated(Paper p, int[] tokens) =>
        PreNorm(p, tokens, rotate: (x, _) => x, embedding: 3, scale: 0.2f, residual: 0.5, logits: x => Times(p.Logits(x, tied: true), 1.0 / 4));

    private static int Window(int layer) => TinyVariants.Windows[layer] ? TinyFamilies.Window : int.MaxValue;

    private static Func<int, double> Divided(Paper p) => i => Math.Pow(100, -2.0 * i / p.Head) / p.Values("rope_freqs.weight")[i];

    private static double[][] PreNorm(Paper p, int[] tokens, Func<double[][], int, double[][]> rotate, Func<double[][], double[][]> logits, bool bias = false, bool? outputBias = null,
        bool feedForwardBias = false, Func<int, bool>? keyBias = null, bool headNorms = false, Func<int, int>? window = null, double embedding = 1, double? scale = null, double residual = 1)
    {
        double[][] x = p.Embed(tokens, embedding);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            double[][] q = p.Linear(h, l + "attn_q", bias), k = p.Linear(h, l + "attn_k", bias && (keyBias?.Invoke(i) ?? true)), v = p.Linear(h, l + "attn_v", bias);
            if (headNorms)
                (q, k) = (p.RmsNorm(q, l + "attn_q_norm", p.Heads), p.RmsNorm(k, l + "attn_k_norm", p.KeyHeads));
            h = p.Linear(p.Attend(rotate(q, i), rotate(k, i), v, scale, window?.Invoke(i) ?? int.MaxValue), l + "attn_output", outputBias ?? bias);
            x = Add(x, Times(h, residual));
            h = p.Gated(p.RmsNorm(x, l + "ffn_norm"), l, Silu, feedForwardBias);
            x = Add(x, Times(h, residual));
        }
        return logits(p.RmsNorm(x, "output_norm"));
    }
}
