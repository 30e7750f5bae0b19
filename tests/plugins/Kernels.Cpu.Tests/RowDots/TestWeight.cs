using Microsoft.Extensions.DependencyInjection;
using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;
using Tessera.Quant.Ggml;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

/// <summary>Weight rows that end where memory does, as at the end of a mapped file, and their values by the type's definition.</summary>
internal sealed unsafe class TestWeight : IModelFile, IDisposable
{
    // Rows do not begin where the file does.
    private const int Front = 3;
    private static readonly Dictionary<string, IQuantization> Types = Load();
    private readonly GuardedMemory memory;

    private TestWeight(IQuantization type, byte[] bytes, int rows, int columns)
    {
        Length = Front + bytes.Length;
        memory = new GuardedMemory(Length);
        bytes.CopyTo(new Span<byte>(Rows, bytes.Length));
        RowBytes = bytes.Length / rows;
        Tensor = new()
        {
            Name = "test",
            Shape = [rows, columns],
            Quantization = type.Id,
            Parts = [new WeightPart("data", this, Front, bytes.Length)],
        };
        type.Validate(Tensor);
        Values = new float[rows * columns];
        type.Dequantize(Tensor, 0, rows, Values);
    }

    public static IEnumerable<string> Ids => Types.Keys;

    public WeightTensor Tensor { get; }

    public byte* Rows => memory.Data + Front;

    public int RowBytes { get; }

    public float[] Values { get; }

    public string Name => "test";

    public byte* Data => memory.Data;

    public long Length { get; }

    public static int BlockSize(string quantization) => Types[quantization].BlockSize;

    /// <summary>Values of very different sizes from row to row, quantized: scales that are large, small and subnormal halves.</summary>
    public static TestWeight Create(string quantization, int rows, int columns, int seed)
    {
        IQuantization type = Types[quantization];
        if (type is not IQuantizer quantizer)
            return CreateRandomBits(quantization, rows, columns, seed, BlockScales.Mixed);
        Random random = new(seed);
        float[] values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            // Rows from 1e-4 to 10, groups off centre.
            float size = MathF.Pow(10, i / columns % 6 - 4);
            values[i] = size * (random.NextSingle() * 2 - 0.8f + (i / 32 % 3 - 1) * 0.3f);
        }
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        return new TestWeight(type, bytes, rows, columns);
    }

    /// <summary>Every byte of the codes the same, such as the largest code; the scales are sane.</summary>
    public static TestWeight CreateOneCode(string quantization, int rows, int columns, byte code)
    {
        QuantizedBlocks blocks = QuantizedBlocks.Find(quantization)!;
        return new TestWeight(Types[quantization], blocks.Make(rows * columns / blocks.Values, new OneByte(code), size: 0.5f), rows, columns);
    }

    /// <summary>Every bit of the quants random.</summary>
    public static TestWeight CreateRandomBits(string quantization, int rows, int columns, int seed, BlockScales scales = BlockScales.Sane)
    {
        QuantizedBlocks blocks = QuantizedBlocks.Find(quantization)!;
        return new TestWeight(Types[quantization], blocks.Make(rows * columns / blocks.Values, new Random(seed), scales, size: 0.5f), rows, columns);
    }

    public void Dispose() => memory.Dispose();

    private static Dictionary<string, IQuantization> Load()
    {
        ServiceCollection services = new();
        new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
        return services.BuildServiceProvider().GetServices<IQuantization>().ToDictionary(type => type.Id);
    }

    /// <summary>Random numbers, but for bytes.</summary>
    private sealed class OneByte(byte value) : Random(1)
    {
        public override void NextBytes(byte[] buffer) => Array.Fill(buffer, value);
    }
}
