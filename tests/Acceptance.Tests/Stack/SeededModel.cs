using System.Runtime.InteropServices;
using Tessera.Conformance.Fakes;
using Tessera.Host.Plugins;

namespace Tessera.Acceptance.Tests.Stack;

/// <summary>A Llama of seeded random weights in a GGUF file; the matrices' bytes are made by the plugins' own quantizers, or are random codes of types that have none. The vocabulary is one of byte tokens.</summary>
internal sealed record SeededModel
{
    /// <summary>Values of a run of blocks: whole blocks of every type.</summary>
    private const int Unit = 256;
    private const int Units = 256;
    private const int HeadLength = 64;
    private const int Vocabulary = 288;

    private const string NamedTypes = "tessera.quantization.types";
    private const uint FirstNamed = 65536;

    /// <summary>The type of the matrices. One that ggml does not have gets an id of the file's own.</summary>
    public required string Type { get; init; }

    /// <summary>Further types, which the matrices take in turn.</summary>
    public IReadOnlyList<string> MoreTypes { get; init; } = [];

    /// <summary>Writes the matrices' values in float32 instead.</summary>
    public bool Dequantized { get; init; }

    public int Layers { get; init; } = 2;
    public int Width { get; init; } = 256;
    public int Inner { get; init; } = 512;
    public int Seed { get; init; } = 1;

    private int Keys => Width / 2;

    /// <summary>Weights of a layer's matrices.</summary>
    public long LayerWeights => 2L * Width * Width + 2L * Keys * Width + 3L * Width * Inner;

    /// <summary>The bytes that so many values take.</summary>
    public static long Bytes(PluginHost plugins, string type, long values)
    {
        long bytes = 0;
        With(plugins, type, q => bytes = values / Unit * ((IQuantizer)q).QuantizedBytes(Unit));
        return bytes;
    }

    /// <summary>Writes the file.</summary>
    public void Write(string path, PluginHost plugins)
    {
        Random random = new(Seed);
        string[] types = [Type, .. MoreTypes];
        byte[][] pools = [.. types.Select(type => Pool(plugins, type, random))];
        string[] named = Dequantized ? [] : [.. types.Where(type => QuantizedBlocks.Find(type) is null)];
        GgufWriter gguf = Metadata();
        if (named.Length > 0)
            gguf.AddArray(NamedTypes, named);
        int matrices = 0;
        void Matrix(string name, int rows, int columns)
        {
            int at = matrices++ % types.Length;
            uint id = Dequantized ? 0 : QuantizedBlocks.Find(types[at])?.GgmlId ?? FirstNamed + (uint)Array.IndexOf(named, types[at]);
            gguf.Tensor(name, id, [rows, columns], Draw(pools[at], (long)rows * columns, random));
        }
        void Norm(string name) => gguf.Tensor(name, [Width], [.. Enumerable.Range(0, Width).Select(_ => 1 + 0.1f * Normal(random))]);
        Matrix("token_embd.weight", Vocabulary, Width);
        Norm("output_norm.weight");
        for (int i = 0; i < Layers; i++)
        {
            string layer = $"blk.{i}.";
            Norm(layer + "attn_norm.weight");
            Matrix(layer + "attn_q.weight", Width, Width);
            Matrix(layer + "attn_k.weight", Keys, Width);
            Matrix(layer + "attn_v.weight", Keys, Width);
            Matrix(layer + "attn_output.weight", Width, Width);
            Norm(layer + "ffn_norm.weight");
            Matrix(layer + "ffn_gate.weight", Inner, Width);
            Matrix(layer + "ffn_up.weight", Inner, Width);
            Matrix(layer + "ffn_down.weight", Width, Inner);
        }
        gguf.Save(path);
    }

    /// <summary>Token ids of any seed.</summary>
    public static int[] Tokens(int seed, int count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Vocabulary))];
    }

    private GgufWriter Metadata()
    {
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>"), .. Enumerable.Range(0, Vocabulary - 259).Select(i => $"word{i}")];
        return new GgufWriter()
            .Add("general.name", $"seeded {Type}")
            .Add("llama.context_length", 4096u)
            .Add("llama.embedding_length", (uint)Width)
            .Add("llama.block_count", (uint)Layers)
            .Add("llama.feed_forward_length", (uint)Inner)
            .Add("llama.attention.head_count", (uint)(Width / HeadLength))
            .Add("llama.attention.head_count_kv", (uint)(Keys / HeadLength))
            .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Add("llama.rope.freq_base", 10_000f)
            .Add("tokenizer.ggml.model", "llama")
            .AddArray("tokenizer.ggml.tokens", tokens)
            .AddArray("tokenizer.ggml.scores", [.. tokens.Select(_ => 0f)])
            .AddArray("tokenizer.ggml.token_type", [.. tokens.Select((_, i) => i == 0 ? 2 : i < 3 ? 3 : i < 259 ? 6 : 1)])
            .Add("tokenizer.ggml.bos_token_id", 1u)
            .Add("tokenizer.ggml.eos_token_id", 2u);
    }

    /// <summary>A tensor's bytes: runs of blocks drawn from the pool.</summary>
    private static byte[] Draw(byte[] pool, long values, Random random)
    {
        int unit = pool.Length / Units;
        byte[] data = new byte[values / Unit * unit];
        for (int at = 0; at < data.Length; at += unit)
            pool.AsSpan(random.Next(Units) * unit, unit).CopyTo(data.AsSpan(at));
        return data;
    }

    /// <summary>Runs of blocks of a type, or their values.</summary>
    private byte[] Pool(PluginHost plugins, string type, Random random)
    {
        float[] values = [.. Enumerable.Range(0, Unit * Units).Select(_ => Normal(random) / MathF.Sqrt(Width))];
        byte[] pool = [];
        With(plugins, type, quantization =>
        {
            if (quantization is IQuantizer quantizer)
            {
                pool = new byte[quantizer.QuantizedBytes(values.Length)];
                quantizer.Quantize(values, pool);
            }
            else
            {
                QuantizedBlocks blocks = QuantizedBlocks.Find(type)!;
                pool = blocks.Make(values.Length / blocks.Values, random, size: 1 / MathF.Sqrt(Width));
            }
            if (!Dequantized)
                return;
            using MemoryFile file = new(type, pool);
            WeightTensor weight = file.Tensor(type, type, Units, Unit);
            quantization.Validate(weight);
            quantization.Dequantize(weight, 0, Units, values);
            pool = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        });
        return pool;
    }

    private static void With(PluginHost plugins, string type, Action<IQuantization> use)
    {
        foreach (PluginGeneration generation in plugins.Generations)
        {
            using PluginLease lease = generation.Acquire();
            if (lease.Contracts.Quantizations.FirstOrDefault(q => q.Id == type) is { } quantization)
            {
                use(quantization);
                return;
            }
        }
        Assert.Fail($"no plugin provides {type}");
    }

    private static float Normal(Random random) => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}

/// <summary>A file that is deleted when it is no longer needed.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"tessera-{Guid.NewGuid():N}.gguf");

    public void Dispose() => File.Delete(Path);
}
