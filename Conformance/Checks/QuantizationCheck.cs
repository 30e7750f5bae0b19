using System.Runtime.InteropServices;
using Tessera.Conformance.Fakes;

namespace Tessera.Conformance.Checks;

/// <summary>Checks a quantization against its own definition, <see cref="IQuantization.Dequantize"/>: on a small matrix that its own quantizer makes, and on samples.</summary>
public static unsafe class QuantizationCheck
{
    private const int Rows = 4;
    private const int LeastColumns = 256;
    private const double MaxDot = 0.02;

    /// <summary>What is wrong, or null; also where it has no quantizer.</summary>
    public static string? Problem(IQuantization quantization)
    {
        ArgumentNullException.ThrowIfNull(quantization);
        if (quantization is not IQuantizer quantizer)
            return null;
        int columns = Math.Max(LeastColumns / quantization.BlockSize, 1) * quantization.BlockSize;
        float[] values = Values(Rows * columns), found = new float[values.Length];
        byte[] bytes = new byte[quantizer.QuantizedBytes(values.Length)];
        quantizer.Quantize(values, bytes);
        using MemoryFile file = new("check", bytes);
        WeightTensor weight = file.Tensor("check", quantization.Id, Rows, columns);
        quantization.Validate(weight);
        quantization.Dequantize(weight, 0, Rows, found);
        // Two bits keep a third of a value's size; a wrong layout keeps nothing.
        double error = 0, size = 0;
        for (int i = 0; i < values.Length; i++)
            (error, size) = (error + Math.Pow(values[i] - found[i], 2), size + Math.Pow(values[i], 2));
        if (!(error <= size))
            return $"dequantized values are further from what was quantized than zeros are ({Math.Sqrt(error / size):g3})";
        return Abilities(quantization, weight, found);
    }

    /// <summary>What is wrong with the optional abilities, or null.</summary>
    /// <param name="quantization">The quantization.</param>
    /// <param name="weight">A validated tensor.</param>
    /// <param name="expected">Its dequantized values.</param>
    internal static string? Abilities(IQuantization quantization, WeightTensor weight, float[] expected) => Unpack(quantization, weight, expected) ?? Dot(quantization, weight, expected);

    private static string? Unpack(IQuantization quantization, WeightTensor weight, float[] expected)
    {
        if (quantization is not IAffineUnpack affine || !affine.CanUnpack(weight))
            return null;
        if (affine is IGroupedUnpack { Layout: var layout })
        {
            if (!layout.IsValid)
                return $"its groups leave their bytes: {layout}";
            long bytes = weight.Rows * weight.Columns / GroupLayout.Elements * layout.Bytes;
            if (affine.GroupSize != GroupLayout.Elements || affine.MaxValue != layout.MaxValue || weight.Parts.Length != 1 || weight.Parts[0].Length < bytes)
                return $"groups of {affine.GroupSize} up to {affine.MaxValue} in {weight.Bytes} bytes of {weight.Parts.Length} parts; its description takes {bytes} of one: {layout}";
            if (Unpacked("as described", expected, GroupLayout.Elements, (levels, scales, minimums) => layout.Unpack(weight.Parts[0].Data, (int)(expected.Length / GroupLayout.Elements), levels, scales, minimums)) is { } problem)
                return problem;
        }
        return Unpacked("unpacked", expected, affine.GroupSize, (levels, scales, minimums) => affine.Unpack(weight, 0, (int)weight.Rows, levels, scales, minimums));
    }

    private delegate void Unpacking(byte* levels, float* scales, float* minimums);

    private static string? Unpacked(string how, float[] expected, int groupSize, Unpacking unpack)
    {
        byte[] levels = new byte[expected.Length];
        float[] scales = new float[levels.Length / groupSize], minimums = new float[scales.Length];
        fixed (byte* l = levels)
        fixed (float* s = scales, m = minimums)
            unpack(l, s, m);
        for (int i = 0; i < expected.Length; i++)
        {
            int group = i / groupSize;
            double value = (double)scales[group] * levels[i] - minimums[group];
            if (!(Math.Abs(value - expected[i]) <= 1e-3 * (Math.Abs(minimums[group]) + Math.Abs(expected[i]) + 1e-6)))
                return $"{how}, element {i} is {value:g6}; dequantized, {expected[i]:g6}";
        }
        return null;
    }

    private static string? Dot(IQuantization quantization, WeightTensor weight, float[] expected)
    {
        if (quantization is not IRowDot dot)
            return null;
        (int rows, int columns) = ((int)weight.Rows, (int)weight.Columns);
        float[] activations = Values(columns), results = new float[rows];
        byte* prepared = (byte*)NativeMemory.AlignedAlloc((nuint)dot.PreparedBytes(columns), 64);
        try
        {
            fixed (float* a = activations, r = results)
            {
                dot.Prepare(a, columns, prepared);
                dot.Dot(weight, 0, rows, prepared, r);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(prepared);
        }
        for (int row = 0; row < rows; row++)
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
