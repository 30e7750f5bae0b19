namespace Tessera.Host.Tests.Serving;

/// <summary>A tiny BERT of seeded random weights with a WordPiece vocabulary of letters, as a GGUF file: an embedding model, or a reranker.</summary>
internal static class TinyBert
{
    public const int Width = 32, Context = 40, Classification = 2, Separator = 3;

    /// <summary>A word of the tokenizer that the embedding has no row for; its id is as many as there are rows.</summary>
    public const string WordWithoutRow = "0";

    private const int Inner = 48, Layers = 2;

    private static readonly string[] Rows = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", .. Letters.Select(c => $"▁{c}"), .. Letters.Select(c => $"{c}")];
    private static readonly string[] Tokens = [.. Rows, $"▁{WordWithoutRow}"];

    private static IEnumerable<char> Letters => Enumerable.Range('a', 26).Select(c => (char)c);

    /// <summary>The ids of a text of lower-case words.</summary>
    public static int[] Ids(string text) =>
        [Classification, .. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Select((c, i) => 4 + c - 'a' + (i == 0 ? 0 : 26))), Separator];

    /// <summary>The file.</summary>
    /// <param name="pooling">GGUF's number; 4: a reranker.</param>
    /// <param name="hasTokenizer">Whether it holds its vocabulary.</param>
    public static byte[] Bytes(int pooling = 1, bool hasTokenizer = true)
    {
        GgufWriter gguf = new GgufWriter("bert")
            .Add("general.name", "tiny bert").Add("bert.context_length", (uint)Context).Add("bert.embedding_length", (uint)Width).Add("bert.block_count", (uint)Layers)
            .Add("bert.feed_forward_length", (uint)Inner).Add("bert.attention.head_count", 4u).Add("bert.attention.layer_norm_epsilon", 1e-5f).Add("bert.attention.causal", false).Add("bert.vocab_size", (uint)Rows.Length);
        if (hasTokenizer)
            gguf.Add("tokenizer.ggml.model", "bert").AddArray("tokenizer.ggml.tokens", Tokens).AddArray("tokenizer.ggml.token_type", [.. Tokens.Select(t => t[0] == '[' ? 3 : 1)])
                .Add("tokenizer.ggml.unknown_token_id", 1u).Add("tokenizer.ggml.cls_token_id", (uint)Classification).Add("tokenizer.ggml.seperator_token_id", (uint)Separator);
        if (pooling > 0)
            gguf.Add("bert.pooling_type", (uint)pooling);
        Random random = new(5);
        Matrix("token_embd.weight", Rows.Length, Width);
        Matrix("position_embd.weight", Context, Width);
        Matrix("token_types.weight", 2, Width);
        Norm("token_embd_norm");
        for (int i = 0; i < Layers; i++)
        {
            foreach ((string name, int rows, int columns) in new[] { ("attn_q", Width, Width), ("attn_k", Width, Width), ("attn_v", Width, Width), ("attn_output", Width, Width), ("ffn_up", Inner, Width), ("ffn_down", Width, Inner) })
            {
                Matrix($"blk.{i}.{name}.weight", rows, columns);
                Vector($"blk.{i}.{name}.bias", rows);
            }
            Norm($"blk.{i}.attn_output_norm");
            Norm($"blk.{i}.layer_output_norm");
        }
        if (pooling == 4)
        {
            Matrix("cls.weight", Width, Width);
            Vector("cls.bias", Width);
            Matrix("cls.output.weight", 1, Width);
            Vector("cls.output.bias", 1);
        }
        return gguf.ToBytes();

        void Matrix(string name, int rows, int columns) => gguf.Tensor(name, [rows, columns], Values(rows * columns, 1.5f / MathF.Sqrt(columns), 0));

        void Vector(string name, int length) => gguf.Tensor(name, [length], Values(length, 0.3f, 0));

        void Norm(string name)
        {
            gguf.Tensor($"{name}.weight", [Width], Values(Width, 0.2f, 1));
            Vector($"{name}.bias", Width);
        }

        float[] Values(int count, float spread, float center) => [.. Enumerable.Range(0, count).Select(_ => center + spread * (2 * random.NextSingle() - 1))];
    }
}
