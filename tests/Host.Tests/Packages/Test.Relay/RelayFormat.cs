using System.Text;

namespace Tessera.Test.Relay;

/// <summary>Files that begin with <c>RELAY</c>; after 64 bytes come 52 rows of 26 floats, row i with a 1 at i modulo 26.</summary>
public sealed class RelayFormat : IWeightFormat
{
    /// <summary>Letters, and so token ids.</summary>
    public const int Letters = 26;

    private const int HeaderBytes = 64, RowBytes = Letters * sizeof(float);

    /// <inheritdoc/>
    public string Name => "relay";

    /// <inheritdoc/>
    public bool Probe(ReadOnlySpan<byte> header, string fileName) => header.StartsWith("RELAY"u8);

    /// <inheritdoc/>
    public ModelSource Open(IModelFiles files)
    {
        IModelFile file = files.TryOpen(files.Name)!;
        if (file.Length != HeaderBytes + 2 * Letters * RowBytes)
            throw new ModelFormatException($"relay: expected {HeaderBytes + 2 * Letters * RowBytes} bytes, found {file.Length}");
        return new ModelSource
        {
            Format = Name,
            Metadata = new ModelMetadata { Architecture = "relay", VocabularySize = Letters, ContextLength = 8192, Pooling = new PoolingMetadata { Kind = PoolingKind.Last }, Sampling = new SamplingDefaults { Temperature = 0 } },
            Tensors = [Rows("token_embd.weight", file, 0, Letters), Rows("output.weight", file, 0, 2 * Letters)],
            Tokenizer = new TokenizerAssets { Model = "relay", Tokens = [.. Enumerable.Range(0, Letters).Select(i => Encoding.UTF8.GetBytes(((char)('a' + i)).ToString()))] },
        };
    }

    /// <summary>Some of the file's rows.</summary>
    public static WeightTensor Rows(string name, IModelFile file, int first, int count) =>
        new() { Name = name, Shape = [count, Letters], Quantization = "relay_f32", Parts = [new WeightPart("data", file, HeaderBytes + first * RowBytes, count * RowBytes)] };
}

/// <summary>Plain floats.</summary>
public sealed unsafe class RelayQuantization : IQuantization
{
    /// <inheritdoc/>
    public string Id => "relay_f32";

    /// <inheritdoc/>
    public int BlockSize => 1;

    /// <inheritdoc/>
    public void Validate(WeightTensor weight)
    {
        if (weight.Parts.Length != 1)
            throw new ModelFormatException($"tensor '{weight.Name}': expected one part, found {weight.Parts.Length}");
    }

    /// <inheritdoc/>
    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination) =>
        new ReadOnlySpan<float>(weight.Parts[0].Data, checked((int)(weight.Rows * weight.Columns))).Slice((int)(firstRow * weight.Columns), (int)(rowCount * weight.Columns)).CopyTo(destination);
}

/// <summary>Embed, then a pool of the last row, and a head, whose rows begin so many before the 27th of the file that the letter after each is as far as the plugin's step.</summary>
public sealed class RelayArchitecture(int step) : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["relay"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        GraphValue hidden = new(0, "hidden", RelayFormat.Letters), logits = new(1, "logits", RelayFormat.Letters), pooled = new(2, "pooled", RelayFormat.Letters);
        WeightTensor head = RelayFormat.Rows("output.weight", source.Tensors[1].Parts[0].File, RelayFormat.Letters - step, RelayFormat.Letters);
        return new ModelGraph
        {
            Nodes = [new EmbedNode("embed", hidden, source.Tensors[0]), new LmHeadNode("head", hidden, logits, head), new PoolNode("pool", hidden, pooled, PoolingKind.Last)],
            CacheGroups = [new CacheGroup("all", CacheKind.Full, 0, [new CacheSpec("blk.0", 1, 1, 1)])],
            VocabularySize = RelayFormat.Letters,
            Hidden = hidden,
            Logits = logits,
            Pooled = pooled,
        };
    }
}
