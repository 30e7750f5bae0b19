using System.Text;
using Tessera.Abstractions.Tokenizers;
using Tessera.Format.Gguf.Writing;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>A model that no file holds, as another format would describe it; and what the writer makes of it.</summary>
internal sealed class WrittenModel : IDisposable
{
    private readonly TestModelFiles _files = new(("model", new byte[64]));

    public const int Vocabulary = 6;

    public string Architecture { get; init; } = "llama";
    public RopeMetadata Rope { get; init; } = new() { Pairing = RopePairing.Halves };
    public AttentionMetadata Attention { get; init; } = new() { HeadCount = 4, KeyValueHeadCount = 2, KeyLength = 8, ValueLength = 8 };
    public int Layers { get; init; } = 1;
    public int Context { get; init; } = 128;
    public bool NormsAreOffsets { get; init; }
    public bool GateUpRowsAlternate { get; init; }
    public Dictionary<string, double> Extra { get; init; } = [];
    public Dictionary<string, double[]> Lists { get; init; } = [];
    public SamplingDefaults Sampling { get; init; } = new();
    public TokenizerAssets? Tokenizer { get; init; }
    public string? ChatTemplate { get; init; }
    public string? ToolChatTemplate { get; init; }
    public PoolingMetadata Pooling { get; init; } = new();
    public Activation? Activation { get; init; }
    public string Type { get; init; } = "bf16";
    public List<(string Name, long[] Shape)> More { get; init; } = [];

    public ModelMetadata Metadata => new()
    {
        Architecture = Architecture,
        VocabularySize = Vocabulary,
        ContextLength = Context,
        EmbeddingLength = 32,
        LayerCount = Layers,
        FeedForwardLength = 64,
        NormEpsilon = 1e-5f,
        NormWeightsAreOffsets = NormsAreOffsets,
        GateUpRowsAlternate = GateUpRowsAlternate,
        Attention = Attention,
        Rope = Rope,
        Sampling = Sampling,
        Pooling = Pooling,
        Activation = Activation,
        Extra = Extra,
        ExtraLists = Lists,
    };

    public static IReadOnlyList<(string Name, long[] Shape)> Basic { get; } =
    [
        ("token_embd.weight", [Vocabulary, 32]), ("output_norm.weight", [32]), ("blk.0.attn_norm.weight", [32]), ("blk.0.ffn_norm.weight", [32]),
        ("blk.0.attn_q.weight", [32, 32]), ("blk.0.attn_k.weight", [16, 32]), ("blk.0.attn_v.weight", [16, 32]), ("blk.0.attn_output.weight", [32, 32]),
        ("blk.0.ffn_gate.weight", [64, 32]), ("blk.0.ffn_up.weight", [64, 32]), ("blk.0.ffn_down.weight", [32, 64]),
    ];

    public WritePlan Plan(string? type = null) => new GgufWeightWriter().Plan(Source([.. Basic, .. More]), _files, type);

    public ModelSource Source(IEnumerable<(string Name, long[] Shape)> tensors) => new()
    {
        Format = "other",
        Metadata = Metadata,
        Tensors = [.. tensors.Select(t => new WeightTensor
        {
            Name = t.Name,
            Shape = t.Shape,
            Quantization = Type,
            Parts = [new WeightPart("data", _files.TryOpen("model")!, 0, t.Shape.Aggregate(2L, (a, b) => a * b))],
        })],
        Tokenizer = Tokenizer,
        ChatTemplate = ChatTemplate,
        ToolChatTemplate = ToolChatTemplate,
    };

    /// <summary>Reads a planned file, whose tensors are all zeros.</summary>
    public static void Read(WritePlan plan, Action<ModelSource> check) => SmallModel.Open(Bytes(plan), check);

    /// <summary>A planned file, whose tensors are all zeros.</summary>
    public static byte[] Bytes(WritePlan plan)
    {
        byte[] file = new byte[plan.Length];
        plan.Header.Span.CopyTo(file);
        return file;
    }

    /// <summary>Assets of a tokenizer.json.</summary>
    public static TokenizerAssets Hf(string json, string? config = null, int[]? ends = null)
    {
        Dictionary<string, byte[]> files = new() { ["tokenizer.json"] = Encoding.UTF8.GetBytes(json) };
        if (config is not null)
            files.Add("tokenizer_config.json", Encoding.UTF8.GetBytes(config));
        return new TokenizerAssets { Model = "hf", Tokens = [], Files = files, EndTokens = ends };
    }

    public void Dispose() => _files.Dispose();
}
