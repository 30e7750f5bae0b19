using System.Globalization;
using System.Runtime.InteropServices;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>The values of GPTQ's and AWQ's weights of four bits, one by one from the bits, as the formats define them.</summary>
internal static class TransposedDefinition
{
    // The nibble of a word in which AWQ stores each of eight rows.
    private static readonly int[] AwqNibbles = [0, 4, 1, 5, 2, 6, 3, 7];

    /// <summary>All values, row by row.</summary>
    public static float[] Values(WeightTensor weight)
    {
        int rows = (int)weight.Rows, columns = (int)weight.Columns, group = int.Parse(weight.Parameters["group"], CultureInfo.InvariantCulture), offset = int.Parse(weight.Parameters["zero_offset"], CultureInfo.InvariantCulture);
        bool isAwq = weight.Quantization == "awq4";
        uint[] data = Words(weight, "data"), zeros = Words(weight, "zeros");
        uint[]? index = weight.Parts.Any(p => p.Name == "group_index") ? Words(weight, "group_index") : null;
        float[] values = new float[rows * columns];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
            {
                int g = index is null ? column / group : (int)index[column];
                // GPTQ: words of eight columns of one row; AWQ: words of eight rows of one column.
                uint code = isAwq ? Nibble(data[column * rows / 8 + row / 8], AwqNibbles[row % 8]) : Nibble(data[column / 8 * rows + row], column % 8);
                uint zero = Nibble(zeros[g * rows / 8 + row / 8], isAwq ? AwqNibbles[row % 8] : row % 8);
                values[row * columns + column] = Scale(weight, g * rows + row) * ((int)code - (int)zero - (isAwq ? 0 : offset));
            }
        return values;
    }

    private static uint Nibble(uint word, int at) => word >> (4 * at) & 15;

    private static unsafe float Scale(WeightTensor weight, int at)
    {
        byte* scales = Array.Find(weight.Parts, p => p.Name == "scales")!.Data;
        return weight.Parameters["scale_type"] switch
        {
            "f32" => BitConverter.ToSingle(new ReadOnlySpan<byte>(scales + 4 * at, 4)),
            "bf16" => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(new ReadOnlySpan<byte>(scales + 2 * at, 2)) << 16),
            _ => (float)BitConverter.ToHalf(new ReadOnlySpan<byte>(scales + 2 * at, 2)),
        };
    }

    private static unsafe uint[] Words(WeightTensor weight, string name)
    {
        WeightPart part = Array.Find(weight.Parts, p => p.Name == name)!;
        return MemoryMarshal.Cast<byte, uint>(new ReadOnlySpan<byte>(part.Data, (int)part.Length)).ToArray();
    }
}
