using System.Runtime.InteropServices;

namespace Tessera.Engine.Tests.Architectures;

/// <summary>A tiny Llama as a format would describe it; its weights have shapes and no meaning.</summary>
internal static class TinySource
{
    public const int Layers = 2, Width = 64, Inner = 96, Heads = 4, KeyHeads = 2, Head = 16, Vocabulary = 32;

    public static ModelMetadata Metadata { get; } = new()
    {
        Architecture = "llama",
        VocabularySize = Vocabulary,
        ContextLength = 128,
        EmbeddingLength = Width,
        LayerCount = Layers,
        FeedForwardLength = Inner,
        NormEpsilon = 1e-5f,
        Attention = new AttentionMetadata { HeadCount = Heads, KeyValueHeadCount = KeyHeads },
        Rope = new RopeMetadata { Base = 10_000 },
    };

    public static ModelSource Create(ModelMetadata? metadata = null, Func<WeightTensor, WeightTensor?>? change = null) => new()
    {
        Format = "test",
        Metadata = metadata ?? Metadata,
        Tensors = [.. Tensors().Select(t => change is null ? t : change(t)).OfType<WeightTensor>()],
    };

    /// <summary>The metadata with the numbers that a test wants to be wrong.</summary>
    public static ModelMetadata With(int? layers = null, int? width = null, int? inner = null, int? context = null, float? epsilon = null, int? vocabulary = null,
        AttentionMetadata? attention = null, RopeMetadata? rope = null, string[]? problems = null, Dictionary<string, double>? extra = null) => new()
        {
            Architecture = "llama",
            VocabularySize = vocabulary ?? Vocabulary,
            ContextLength = context ?? 128,
            EmbeddingLength = width ?? Width,
            LayerCount = layers ?? Layers,
            FeedForwardLength = inner ?? Inner,
            NormEpsilon = epsilon ?? 1e-5f,
            Attention = attention ?? Metadata.Attention,
            Rope = rope ?? Metadata.Rope,
            Problems = problems ?? [],
            Extra = extra ?? [],
        };

    public static WeightTensor Tensor(string name, params long[] shape) => Floats(name, new float[shape.Aggregate(1L, (a, b) => a * b)], shape);

    public static WeightTensor Floats(string name, float[] values, params long[] shape) => new()
    {
        Name = name,
        Shape = shape,
        Quantization = "f32",
        Parts = [new WeightPart("data", new Pinned(values), 0, values.Length * sizeof(float))],
    };

    private static IEnumerable<WeightTensor> Tensors()
    {
        yield return Tensor("token_embd.weight", Vocabulary, Width);
        yield return Tensor("output_norm.weight", Width);
        for (int i = 0; i < Layers; i++)
        {
            yield return Tensor($"blk.{i}.attn_norm.weight", Width);
            yield return Tensor($"blk.{i}.attn_q.weight", Heads * Head, Width);
            yield return Tensor($"blk.{i}.attn_k.weight", KeyHeads * Head, Width);
            yield return Tensor($"blk.{i}.attn_v.weight", KeyHeads * Head, Width);
            yield return Tensor($"blk.{i}.attn_output.weight", Width, Heads * Head);
            yield return Tensor($"blk.{i}.ffn_norm.weight", Width);
            yield return Tensor($"blk.{i}.ffn_gate.weight", Inner, Width);
            yield return Tensor($"blk.{i}.ffn_up.weight", Inner, Width);
            yield return Tensor($"blk.{i}.ffn_down.weight", Width, Inner);
        }
    }

    private sealed unsafe class Pinned : IModelFile
    {
        private readonly float[] _values;

        public Pinned(float[] values)
        {
            _values = GC.AllocateUninitializedArray<float>(values.Length, pinned: true);
            values.CopyTo(_values, 0);
        }

        public string Name => "memory";

        public long Length => _values.Length * sizeof(float);

        public byte* Data => (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_values, 0);
    }
}
