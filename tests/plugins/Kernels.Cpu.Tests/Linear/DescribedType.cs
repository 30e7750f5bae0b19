using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>A type that a description of its groups is all of; its definition takes one element at a time and shares nothing with it.</summary>
internal sealed unsafe class DescribedType(GroupLayout layout) : IQuantization, IGroupedUnpack
{
    public string Id => "described";

    public int BlockSize => GroupLayout.Elements;

    public GroupLayout Layout => layout;

    /// <summary>Layouts of each number of bits: dense, with odd places and bytes between, of four groups in 64 bytes and just above, and the longest that is not copied to bytes.</summary>
    public static Dictionary<string, GroupLayout> Layouts { get; } = new()
    {
        ["2"] = new() { Bits = 2, Bytes = 10, ScaleAt = 0, LowAt = 2, Zero = 2 },
        ["2, low bits first"] = new() { Bits = 2, Bytes = 13, ScaleAt = 9, LowAt = 0, Zero = 1.5f },
        ["2, 17 bytes"] = new() { Bits = 2, Bytes = 17, ScaleAt = 15, LowAt = 1 },
        ["3"] = new() { Bits = 3, Bytes = 14, ScaleAt = 0, LowAt = 2, HighAt = 10, Zero = 4 },
        ["3, turned round"] = new() { Bits = 3, Bytes = 16, HighAt = 1, LowAt = 5, ScaleAt = 14, Zero = 3 },
        ["3, 15 bytes"] = new() { Bits = 3, Bytes = 15, LowAt = 0, ScaleAt = 9, HighAt = 11, Zero = -1 },
        ["3, 64 bytes"] = new() { Bits = 3, Bytes = 64, LowAt = 56, ScaleAt = 54, HighAt = 49, Zero = 4 },
        ["4"] = new() { Bits = 4, Bytes = 18, ScaleAt = 0, LowAt = 2, Zero = 8 },
        ["4, low bits first"] = new() { Bits = 4, Bytes = 19, LowAt = 1, ScaleAt = 17, Zero = 7.5f },
        ["5"] = new() { Bits = 5, Bytes = 22, ScaleAt = 0, HighAt = 2, LowAt = 6, Zero = 16 },
        ["5, odd"] = new() { Bits = 5, Bytes = 33, LowAt = 3, ScaleAt = 21, HighAt = 29, Zero = 16 },
    };

    public void Validate(WeightTensor weight)
    {
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            byte* group = weight.Parts[0].Data + (firstRow * weight.Columns + i) / 32 * layout.Bytes;
            destination[i] = (float)*(Half*)(group + layout.ScaleAt) * (Element(group, i % 32) - layout.Zero);
        }
    }

    /// <summary>An element of a group.</summary>
    public int Element(byte* group, int element)
    {
        byte* low = group + layout.LowAt;
        int value = layout.Bits < 4 ? low[element % 8] >> (element / 8 * 2) & 3 : low[element % 16] >> (element / 16 * 4) & 15;
        return layout.Bits % 2 == 0 ? value : value | (group[layout.HighAt + element / 8] >> element % 8 & 1) << (layout.Bits - 1);
    }
}
