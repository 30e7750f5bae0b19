using Microsoft.Extensions.DependencyInjection;
using Tessera.Conformance.Fakes;
using Tessera.Quant.Ggml;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>A matrix of random blocks of a type, and what it means.</summary>
internal sealed class Matrix
{
    private static readonly QuantizationRegistry Types = Quantizations();

    public Matrix(string type, int rows, int columns, int seed)
    {
        (Rows, Columns) = (rows, columns);
        QuantizedBlocks blocks = QuantizedBlocks.Find(type)!;
        Bytes = blocks.Make(rows * columns / blocks.Values, new Random(seed));
        using MemoryFile file = new("w", Bytes);
        float[] values = new float[rows * columns];
        Types.Find(type)!.Dequantize(file.Tensor("w", type, rows, columns), 0, rows, values);
        Values = values;
    }

    public int Rows { get; }

    public int Columns { get; }

    public byte[] Bytes { get; }

    public float[] Values { get; }

    /// <summary>Quant.Ggml's types.</summary>
    public static QuantizationRegistry Quantizations()
    {
        ServiceCollection services = new();
        new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
        using ServiceProvider provider = services.BuildServiceProvider();
        return new QuantizationRegistry(provider.GetServices<IQuantization>());
    }

    /// <summary>W · x for each row of x, in double.</summary>
    public double[] Times(float[] x, int first = 0, int? rows = null)
    {
        int many = rows ?? Rows, inputs = x.Length / Columns;
        double[] y = new double[inputs * many];
        for (int i = 0; i < inputs; i++)
            for (int r = 0; r < many; r++)
                for (int c = 0; c < Columns; c++)
                    y[i * many + r] += (double)Values[(first + r) * Columns + c] * x[i * Columns + c];
        return y;
    }
}
