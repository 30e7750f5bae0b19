namespace Tessera.NoiseModel;

/// <summary>The model: two Llama layers of random Q8_0 weights over a vocabulary of bytes.</summary>
internal static class Noise
{
    private const int Layers = 2, Width = 128, Inner = 256, Heads = 4, KeyHeads = 2, Head = Width / Heads;

    private const string Template =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    /// <summary>A few merges, so that the vocabulary is one of byte-level BPE; Ġ stands for a space.</summary>
    private static readonly string[] Merges = ["t h", "th e", "Ġ the", "i n", "a n", "an d", "Ġ and"];

    public static void Write(Stream stream)
    {
        GgufFile gguf = new(stream);
        string[] tokens = [.. ByteAlphabet(), .. Merges.Select(m => m.Replace(" ", "", StringComparison.Ordinal)), "<|endoftext|>", "<|im_start|>", "<|im_end|>"];
        int special = tokens.Length - 3;
        gguf.Add("general.architecture", "llama");
        gguf.Add("general.name", "Tessera noise");
        gguf.Add("general.description", "Random weights, made by the build: what it says is noise.");
        gguf.Add("general.alignment", 32u);
        gguf.Add("llama.context_length", 2048u);
        gguf.Add("llama.embedding_length", Width);
        gguf.Add("llama.block_count", Layers);
        gguf.Add("llama.feed_forward_length", Inner);
        gguf.Add("llama.attention.head_count", Heads);
        gguf.Add("llama.attention.head_count_kv", KeyHeads);
        gguf.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        gguf.Add("llama.rope.freq_base", 10_000f);
        gguf.Add("tokenizer.ggml.model", "gpt2");
        gguf.Add("tokenizer.ggml.pre", "gpt-2");
        gguf.Add("tokenizer.ggml.tokens", tokens);
        gguf.Add("tokenizer.ggml.token_type", [.. tokens.Select((_, i) => i < special ? 1 : 3)]);
        gguf.Add("tokenizer.ggml.merges", Merges);
        gguf.Add("tokenizer.ggml.bos_token_id", (uint)special);
        gguf.Add("tokenizer.ggml.eos_token_id", (uint)special + 2);
        gguf.Add("tokenizer.ggml.add_bos_token", false);
        gguf.Add("tokenizer.chat_template", Template);

        Random random = new(20_261_124);
        gguf.AddMatrix("token_embd.weight", tokens.Length, Width, random);
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"blk.{i}";
            gguf.AddOnes($"{layer}.attn_norm.weight", Width);
            gguf.AddMatrix($"{layer}.attn_q.weight", Width, Width, random);
            gguf.AddMatrix($"{layer}.attn_k.weight", KeyHeads * Head, Width, random);
            gguf.AddMatrix($"{layer}.attn_v.weight", KeyHeads * Head, Width, random);
            gguf.AddMatrix($"{layer}.attn_output.weight", Width, Width, random);
            gguf.AddOnes($"{layer}.ffn_norm.weight", Width);
            gguf.AddMatrix($"{layer}.ffn_gate.weight", Inner, Width, random);
            gguf.AddMatrix($"{layer}.ffn_up.weight", Inner, Width, random);
            gguf.AddMatrix($"{layer}.ffn_down.weight", Width, Inner, random);
        }
        gguf.AddOnes("output_norm.weight", Width);
        gguf.Write();
    }

    /// <summary>GPT-2's printable stand-ins for the 256 bytes, in byte order.</summary>
    private static IEnumerable<string> ByteAlphabet()
    {
        int next = 256;
        for (int b = 0; b < 256; b++)
            yield return b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? ((char)b).ToString() : ((char)next++).ToString();
    }
}
