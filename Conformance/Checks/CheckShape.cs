namespace Tessera.Conformance.Checks;

/// <summary>The random tiny model that a backend is checked with; every setting has a usable default.</summary>
public sealed partial record CheckShape
{
    /// <summary>Seeds weights, tokens and block tables.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The quantization of the matrices; norms and biases are f32. Its block size must divide <see cref="Width"/>, <see cref="FeedForward"/> and heads × head length.</summary>
    public string Quantization { get; init; } = "f32";

    /// <summary>Makes the bytes of a matrix from its values (row-major) where the quantization is no <see cref="IQuantizer"/>; null: it must be one.</summary>
    public Func<WeightValues, byte[]>? Quantize { get; init; }

    /// <summary>Layers.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>The width of the residual stream.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Query heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Key and value heads.</summary>
    public int KeyHeads { get; init; } = 2;

    /// <summary>Elements of a head.</summary>
    public int HeadLength { get; init; } = 16;

    /// <summary>Elements of a value head; 0: as many as a key head has.</summary>
    public int ValueLength { get; init; }

    /// <summary>Elements of a head that rotate; 0: all.</summary>
    public int RotatingLength { get; init; }

    /// <summary>The inner width of the feed-forward.</summary>
    public int FeedForward { get; init; } = 96;

    /// <summary>Token ids.</summary>
    public int Vocabulary { get; init; } = 80;

    /// <summary>Which elements rotate together.</summary>
    public RopePairing Pairing { get; init; }

    /// <summary>A factor on cos and sin.</summary>
    public float RopeMagnitude { get; init; } = 1;

    /// <summary>Whether the head is the embedding.</summary>
    public bool TiedEmbeddings { get; init; } = true;

    /// <summary>Whether query, key and value projections have biases.</summary>
    public bool Biases { get; init; }

    /// <summary>The window of the odd layers, which then have a cache group of their own; 0: none.</summary>
    public int Window { get; init; }

    /// <summary>Tokens in a KV block.</summary>
    public int BlockTokens { get; init; } = 16;

    /// <summary>The candidate's KV element type.</summary>
    public KvType KvType { get; init; } = KvType.F32;

    /// <summary>The candidate's precision.</summary>
    public ActivationPrecision Activations { get; init; } = ActivationPrecision.Float32;
}

/// <summary>The values of a matrix before it is quantized.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Columns">Columns.</param>
/// <param name="Values">Row-major.</param>
public sealed record WeightValues(string Name, int Rows, int Columns, float[] Values);
