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
        IQuantizer quantizer = (IQuantizer)type;
        RowBytes = (int)quantizer.QuantizedBytes(columns);
        memory = new NativeBlock((long)rows * RowBytes);
        // Sixteen rows are quantized and repeated: the search of the K types is slow.
        int different = Math.Min(16, rows);
        Random random = new(1);
        float[] values = new float[different * columns];
        for (int i = 0; i < values.Length; i++)
            values[i] = (random.NextSingle() - 0.5f) * 0.1f;
        quantizer.Quantize(values, new Span<byte>(memory.Bytes, different * RowBytes));
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

    public void Dispose() => memory.Dispose();

    private static IQuantization[] Load()
    {
        ServiceCollection services = new();
        new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
        return [.. services.BuildServiceProvider().GetServices<IQuantization>()];
    }
}
