namespace Tessera.Format.Gguf.Tests;

/// <summary>A small file with everything in it: metadata of every value type, a tokenizer, tensors of several types.</summary>
internal static class SmallModel
{
    public const int Vocabulary = 4;

    public static GgufWriter Writer() => new GgufWriter()
        .Add("general.name", "small")
        .Add("general.description", "a model for tests")
        .Add("llama.vocab_size", (uint)Vocabulary)
        .Add("llama.context_length", 128u)
        .Add("llama.embedding_length", (ulong)32)
        .Add("llama.block_count", (byte)2)
        .Add("llama.feed_forward_length", (short)64)
        .Add("llama.attention.head_count", (ushort)4)
        .Add("llama.attention.head_count_kv", (sbyte)2)
        .Add("llama.attention.key_length", 8)
        .Add("llama.attention.value_length", (long)8)
        .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .Add("llama.rope.freq_base", 10000.0)
        .Add("llama.rope.dimension_count", 8u)
        .Add("llama.use_parallel_residual", true)
        .Add("llama.expert_count", 3u)
        .AddArray("test.u8", (byte)1, (byte)2)
        .AddArray("test.i8", (sbyte)-1)
        .AddArray("test.u16", (ushort)1)
        .AddArray("test.i16", (short)-1)
        .AddArray("test.u32", 1u)
        .AddArray("test.i32", -1)
        .AddArray("test.f32", 0.5f, 1.5f)
        .AddArray("test.bool", true, false)
        .AddArray("test.u64", 1ul)
        .AddArray("test.i64", -1L)
        .AddArray("test.f64", 0.25)
        .AddArray("test.empty", Array.Empty<int>())
        .Add("tokenizer.ggml.model", "llama")
        .Add("tokenizer.ggml.pre", "default")
        .AddArray("tokenizer.ggml.tokens", "<unk>"u8.ToArray(), "<s>"u8.ToArray(), [0xFF, 0xC3], "a"u8.ToArray())
        .AddArray("tokenizer.ggml.scores", 0f, 0f, -1f, -2f)
        .AddArray("tokenizer.ggml.token_type", 2, 3, 1, 1)
        .AddArray("tokenizer.ggml.merges", "a b", "c d")
        .Add("tokenizer.ggml.unknown_token_id", 0u)
        .Add("tokenizer.ggml.bos_token_id", 1u)
        .Add("tokenizer.ggml.eos_token_id", 3)
        .Add("tokenizer.ggml.add_bos_token", true)
        .Add("tokenizer.chat_template", "{{ messages }}")
        .Tensor("token_embd.weight", 0, [Vocabulary, 32], Bytes(Vocabulary * 32 * 4, 1))
        .Tensor("blk.0.attn_q.weight", 2, [3, 64], Bytes(3 * 2 * 18, 2))
        .Tensor("blk.0.ffn_gate_exps.weight", 1, [2, 3, 5], Bytes(2 * 3 * 5 * 2, 3))
        .Tensor("output_norm.weight", 0, [32], Bytes(32 * 4, 4));

    /// <summary>The least that opens: an architecture and one tensor.</summary>
    public static GgufWriter Bare() => new GgufWriter().Tensor("w", 0, [2, 4], Bytes(32, 1));

    public static byte[] Bytes(int count, byte seed)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
            bytes[i] = (byte)(seed * 31 + i * 7);
        return bytes;
    }

    /// <summary>Opens a file in memory and hands the result to a check while the memory lives.</summary>
    public static void Open(byte[] file, Action<ModelSource> check)
    {
        using TestModelFiles files = TestModelFiles.Of(file);
        check(new GgufFormat().Open(files));
    }

    /// <summary>Asserts that a file is refused with a text that names certain things.</summary>
    public static void Refuses(byte[] file, params string[] named) => Refuses<ModelFormatException>(file, named);

    /// <summary>Asserts that a file is refused with an error of a kind, whose text names certain things.</summary>
    public static void Refuses<T>(byte[] file, params string[] named)
        where T : TesseraException
    {
        using TestModelFiles files = TestModelFiles.Of(file);
        var error = Assert.Throws<T>(() => new GgufFormat().Open(files));
        Assert.Contains("test.gguf", error.Message, StringComparison.Ordinal);
        foreach (string name in named)
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Changes an integer of a built file.</summary>
    public static byte[] With(this GgufImage image, string integer, ulong value)
    {
        byte[] bytes = [.. image.Bytes];
        GgufInteger field = Assert.Single(image.Integers, i => i.Name == integer);
        for (int i = 0; i < field.Width; i++)
            bytes[field.Offset + i] = (byte)(value >> (8 * i));
        return bytes;
    }
}
