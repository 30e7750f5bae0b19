using Microsoft.Extensions.DependencyInjection;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;
using Tessera.Quant.Ggml;

namespace Tessera.Kernels.Bench;

/// <summary>Random weights of one type, as a file would hold them.</summary>
internal sealed unsafe class Weights : IModelFile, IDisposable
{
    private static readonly IQuantization[] Types = Load();
    private readonly NativeBlock memory;

    public Weights(IQuantization type, int rows, int columns)
    {
        Type = type;
        RowBytes = BytesOfRow(type, columns);
        memory = new NativeBlock((long)rows * RowBytes);
        // Sixteen rows are quantized and repeated: the search of the K types is slow.
        int different = Math.Min(16, rows);
        Random random = new(1);
        float[] values = new float[different * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = (random.NextSingle() - 0.5f) * 0.1f;
        Span<byte> first = new(memory.Bytes, different * RowBytes);
        if (type is IQuantizer quantizer)
            quantizer.Quantize(values, first);
        else
            RandomCodes(type, first, random);
        for (int row = different; row < rows; row++)
            Buffer.MemoryCopy(memory.Bytes + row % different * RowBytes, memory.Bytes + (long)row * RowBytes, RowBytes, RowBytes);
        Tensor = new WeightTensor { Name = "bench", Shape = [rows, columns], Quantization = type.Id, Parts = [new WeightPart("data", this, 0, Length)] };
    }

    public IQuantization Type { get; }

    public int RowBytes { get; }

    public WeightTensor Tensor { get; }

    public string Name => "bench";

    public byte* Data => memory.Bytes;

    public long Length => memory.Length;

    /// <summary>The types of the given names, or all.</summary>
    public static IEnumerable<IQuantization> Select(string[] names) => Types.Where(type => names.Length == 0 || names.Contains(type.Id));

    /// <summary>Bytes of a row.</summary>
    public static int BytesOfRow(IQuantization type, int columns) =>
        type is IQuantizer quantizer ? (int)quantizer.QuantizedBytes(columns) : columns / type.BlockSize * BytesOfBlock(type);

    public void Dispose() => memory.Dispose();

    // The types that ggml does not quantize to without an importance matrix.
    private static int BytesOfBlock(IQuantization type) => type.Id switch
    {
        "iq1_s" => 50,
        "iq1_m" => 56,
        "iq2_xxs" => 66,
        "iq2_xs" => 74,
        _ => throw new ArgumentException($"{type.Id}: no quantizer"),
    };

    // Any code is valid; the scale, a half at the start or in the last words' top nibbles, is kept below 2.
    private static void RandomCodes(IQuantization type, Span<byte> bytes, Random random)
    {
        random.NextBytes(bytes);
        int block = BytesOfBlock(type), top = type.Id == "iq1_m" ? block - 1 : 1;
        for (int i = top; i < bytes.Length; i += block)
            bytes[i] &= 0xbf;
    }

    private static IQuantization[] Load()
    {
        ServiceCollection services = new();
        new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
        return [.. services.BuildServiceProvider().GetServices<IQuantization>()];
    }
}
