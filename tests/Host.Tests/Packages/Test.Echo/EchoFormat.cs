using System.Text;

namespace Tessera.Test.Echo;

/// <summary>Files that begin with <c>ECHO</c>, then 26 rows of one float.</summary>
public sealed unsafe class EchoFormat : IWeightFormat
{
    /// <summary>Letters, and so token ids.</summary>
    public const int Letters = 26;

    private const int HeaderBytes = 4;

    /// <inheritdoc/>
    public string Name => "echo";

    /// <inheritdoc/>
    public bool Probe(ReadOnlySpan<byte> header, string fileName) => header.StartsWith("ECHO"u8);

    /// <inheritdoc/>
    public ModelSource Open(IModelFiles files)
    {
        IModelFile file = files.TryOpen(files.Name)!;
        if (file.Length != HeaderBytes + Letters * sizeof(float))
            throw new ModelFormatException($"echo: expected {HeaderBytes + Letters * sizeof(float)} bytes, found {file.Length}");
        return new ModelSource
        {
            Format = Name,
            Metadata = new ModelMetadata { Architecture = "echo", VocabularySize = Letters, ContextLength = 512, Sampling = new SamplingDefaults { Temperature = 0, TopK = 7 } },
            Tensors = [new WeightTensor { Name = "token_embd.weight", Shape = [Letters, 1], Quantization = "echo_f32", Parts = [new WeightPart("data", file, HeaderBytes, Letters * sizeof(float))] }],
            Tokenizer = new TokenizerAssets { Model = "echo", Tokens = [.. Enumerable.Range(0, Letters).Select(i => Encoding.UTF8.GetBytes(((char)('a' + i)).ToString()))] },
        };
    }
}

/// <summary>Plain floats.</summary>
public sealed unsafe class EchoQuantization : IQuantization
{
    /// <inheritdoc/>
    public string Id => "echo_f32";

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

/// <summary>Embed, then a head over the same weight.</summary>
public sealed class EchoArchitecture : IModelArchitecture
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["echo"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        WeightTensor weight = source.Tensors[0];
        GraphValue hidden = new(0, "hidden", 1);
        GraphValue logits = new(1, "logits", EchoFormat.Letters);
        return new ModelGraph
        {
            Nodes = [new EmbedNode("embed", hidden, weight), new LmHeadNode("head", hidden, logits, weight)],
            CacheGroups = [new CacheGroup("all", CacheKind.Full, 0, [new CacheSpec("blk.0", 1, 1, 1)])],
            VocabularySize = EchoFormat.Letters,
            Hidden = hidden,
            Logits = logits,
        };
    }
}
