using System.Runtime.InteropServices;
using Tessera.Conformance.Fakes;

namespace Tessera.Host.Plugins;

/// <summary>Checks a quantization against its own definition, <see cref="IQuantization.Dequantize"/>, on a small matrix that its own quantizer makes; a type without one is checked by the models that use it.</summary>
internal static unsafe class QuantizationCanary
{
    private const int Rows = 4;
    private const int LeastColumns = 256;
    private const double MaxDot = 0.02;

    /// <summary>What is wrong, or null.</summary>
    public static string? Check(IQuantization quantization)
    {
        if (quantization is not IQuantizer quantizer)
            return null;
        int columns = Math.Max(LeastColumns / quantization.BlockSize, 1) * quantization.BlockSize;
        float[] values = Values(Rows * columns), found = new float[values.Length];
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        using MemoryFile file = new("canary", bytes);
        WeightTensor weight = file.Tensor("canary", quantization.Id, Rows, columns);
        quantization.Validate(weight);
        quantization.Dequantize(weight, 0, Rows, found);
        // Two bits keep a third of a value's size; a wrong layout keeps nothing.
        double error = 0, size = 0;
        for (int i = 0; i < values.Length; i++)
            (error, size) = (error + Math.Pow(values[i] - found[i], 2), size + Math.Pow(values[i], 2));
        if (!(error <= size))
            return $"dequantized values are further from what was quantized than zeros are ({Math.Sqrt(error / size):g3})";
        return Unpack(quantization, weight, columns, found) ?? Dot(quantization, weight, columns, found);
    }

    private static string? Unpack(IQuantization quantization, WeightTensor weight, int columns, float[] expected)
    {
        if (quantization is not IAffineUnpack affine)
            return null;
        byte[] levels = new byte[Rows * columns];
        float[] scales = new float[levels.Length / affine.GroupSize], minimums = new float[scales.Length];
        fixed (byte* l = levels)
        fixed (float* s = scales, m = minimums)
            affine.Unpack(weight, 0, Rows, l, s, m);
        for (int i = 0; i < expected.Length; i++)
        {
            int group = i / affine.GroupSize;
            double value = (double)scales[group] * levels[i] - minimums[group];
            if (!(Math.Abs(value - expected[i]) <= 1e-3 * (Math.Abs(minimums[group]) + Math.Abs(expected[i]) + 1e-6)))
                return $"unpacked, element {i} is {value:g6}; dequantized, {expected[i]:g6}";
        }
        return null;
    }

    private static string? Dot(IQuantization quantization, WeightTensor weight, int columns, float[] expected)
    {
        if (quantization is not IRowDot dot)
            return null;
        float[] activations = Values(columns), results = new float[Rows];
        byte* prepared = (byte*)NativeMemory.AlignedAlloc((nuint)dot.PreparedBytes(columns), 64);
        try
        {
            fixed (float* a = activations, r = results)
            {
                dot.Prepare(a, columns, prepared);
                dot.Dot(weight, 0, Rows, prepared, r);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(prepared);
        }
        for (int row = 0; row < Rows; row++)
        {
            double sum = 0, size = 0;
            for (int i = 0; i < columns; i++)
                (sum, size) = (sum + (double)expected[row * columns + i] * activations[i], size + Math.Abs((double)expected[row * columns + i] * activations[i]));
            if (!(Math.Abs(sum - results[row]) <= MaxDot * size))
                return $"the dot product of row {row} is {results[row]:g6}; of its dequantized values, {sum:g6}";
        }
        return null;
    }

    private static float[] Values(int count)
    {
        Random random = new(1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
        return values;
    }
}
