using System.Text;

namespace Tessera.Host.Tests.Serving;

/// <summary>
/// A tiny Llama whose greedy output is known beforehand: after a byte of the cycle comes the next one, after any other token the cycle's first. Token ids below 256 are bytes; characters of
/// several bytes are several tokens. Small random attention and feed-forward weights make probabilities depend on everything before.
/// </summary>
internal static class ChainModel
{
    public const string Cycle = "abcdefghijklmnopqrstuvwxyz 日é🙂.";
    public const int Vocabulary = 256 + 2 + 3;
    public const int Bos = 258, TurnStart = 259, TurnEnd = 260;

    private const int Width = 128, Inner = 256, Layers = 2, Heads = 4, KeyHeads = 2, Head = Width / Heads;

    private const string Template =
        "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}{% if mood is defined %}{{ mood }}{% endif %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private static readonly byte[] CycleBytes = Encoding.UTF8.GetBytes(Cycle);

    /// <summary>The ids that follow a token greedily.</summary>
    public static int[] Expect(int after, int count)
    {
        int at = after < 256 ? Array.IndexOf(CycleBytes, (byte)after) : -1;
        return [.. Enumerable.Range(at + 1, count).Select(i => (int)CycleBytes[i % CycleBytes.Length])];
    }

    /// <summary>The text that follows a token greedily.</summary>
    public static string ExpectText(int after, int count) => Encoding.UTF8.GetString([.. Expect(after, count).Select(i => (byte)i)]);

    /// <summary>The model's file.</summary>
    /// <param name="context">The context that it says it was made for.</param>
    /// <param name="seed">Seeds what is random.</param>
    /// <param name="quantize">Another type for the matrices, and what writes it; null: f32.</param>
    public static byte[] Bytes(int context = 4096, int seed = 1, (string Type, Func<float[], byte[]> Write)? quantize = null)
    {
        string[] alphabet = [.. Enumerable.Range(0, 256).Select(Spelling)];
        GgufWriter gguf = new GgufWriter()
            .Add("general.name", "chain")
            .Add("llama.context_length", (uint)context).Add("llama.embedding_length", (uint)Width).Add("llama.block_count", (uint)Layers)
            .Add("llama.feed_forward_length", (uint)Inner).Add("llama.attention.head_count", (uint)Heads).Add("llama.attention.head_count_kv", (uint)KeyHeads)
            .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f).Add("llama.rope.freq_base", 10_000f)
            .Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", "gpt-2")
            .AddArray("tokenizer.ggml.tokens", [.. alphabet, "th", "the", "<|endoftext|>", "<|im_start|>", "<|im_end|>"])
            .AddArray("tokenizer.ggml.token_type", [.. Enumerable.Range(0, Vocabulary).Select(i => i < Bos ? 1 : 3)])
            .AddArray("tokenizer.ggml.merges", "t h", "th e")
            .Add("tokenizer.ggml.bos_token_id", (uint)Bos).Add("tokenizer.ggml.eos_token_id", (uint)TurnEnd).Add("tokenizer.ggml.add_bos_token", false)
            .Add("tokenizer.chat_template", Template);
        if (quantize is { } type)
            gguf.AddArray("tessera.quantization.types", type.Type);
        void Matrix(string name, long[] shape, float[] values) => _ = quantize is { } to ? gguf.Tensor(name, 65536, shape, to.Write(values)) : gguf.Tensor(name, shape, values);
        Random random = new(seed);
        float[][] embeddings = Embeddings(random);
        Matrix("token_embd.weight", [Vocabulary, Width], [.. embeddings.SelectMany(e => e)]);
        Matrix("output.weight", [Vocabulary, Width], Head0(embeddings));
        gguf.Tensor("output_norm.weight", [Width], Ones());
        for (int i = 0; i < Layers; i++)
        {
            gguf.Tensor($"blk.{i}.attn_norm.weight", [Width], Ones()).Tensor($"blk.{i}.ffn_norm.weight", [Width], Ones());
            foreach ((string name, int rows, int columns) in new[]
            {
                ("attn_q", Width, Width), ("attn_k", KeyHeads * Head, Width), ("attn_v", KeyHeads * Head, Width), ("attn_output", Width, Width),
                ("ffn_gate", Inner, Width), ("ffn_up", Inner, Width), ("ffn_down", Width, Inner),
            })
                Matrix($"blk.{i}.{name}.weight", [rows, columns], [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() * 0.2f - 0.1f)]);
        }
        return gguf.ToBytes();
    }

    /// <summary>A row of signs for each byte of the cycle, one for all other tokens.</summary>
    private static float[][] Embeddings(Random random)
    {
        float[][] rows = [.. Enumerable.Range(0, CycleBytes.Length + 1).Select(_ => Enumerable.Range(0, Width).Select(_ => random.Next(2) * 2f - 1).ToArray())];
        return [.. Enumerable.Range(0, Vocabulary).Select(id => rows[(id < 256 ? Array.IndexOf(CycleBytes, (byte)id) : -1) + 1])];
    }

    /// <summary>Each token's row is the embedding of what it follows.</summary>
    private static float[] Head0(float[][] embeddings)
    {
        float[] head = new float[Vocabulary * Width];
        int last = CycleBytes[^1];
        for (int i = 0; i < CycleBytes.Length; i++)
            for (int c = 0; c < Width; c++)
                head[CycleBytes[i] * Width + c] = 0.1f * (i == 0 ? embeddings[last][c] + embeddings[0][c] : embeddings[CycleBytes[i - 1]][c]);
        return head;
    }

    private static float[] Ones() => [.. Enumerable.Repeat(1f, Width)];

    /// <summary>GPT-2's printable stand-in for a byte.</summary>
    private static string Spelling(int value)
    {
        static bool Printable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return ((char)(Printable(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !Printable(b)))).ToString();
    }
}
