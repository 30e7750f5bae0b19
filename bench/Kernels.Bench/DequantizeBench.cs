using Tessera.Abstractions.Quantization;

namespace Tessera.Kernels.Bench;

/// <summary>Billions of weights per second to floats, a few rows at a time as the reference path does, from memory and from the second-level cache.</summary>
internal static class DequantizeBench
{
    private const int Columns = 2048;
    private const int RowsAtATime = 4;

    public static void Run(string[] names)
    {
        Console.WriteLine($"dequantize, {RowsAtATime} rows of {Columns} at a time, Gweights/s: 32 Mweights, then 128 Kweights");
        foreach (IQuantization type in Weights.Select(names))
            Console.WriteLine($"{type.Id,-5} {Measure(type, 16384, 1)}   {Measure(type, 64, 100)}");
    }

    private static string Measure(IQuantization type, int rows, int passes)
    {
        using Weights weights = new(type, rows, Columns);
        float[] values = new float[RowsAtATime * Columns];
        Timing timing = Timing.Measure(() =>
        {
            for (int pass = 0; pass < passes; pass++)
                for (int row = 0; row < rows; row += RowsAtATime)
                    type.Dequantize(weights.Tensor, row, RowsAtATime, values);
        });
        return timing.Rate((double)rows * Columns * passes);
    }
}
