using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Quantization;

/// <summary>
/// Optional: a type whose unpacking a description says all about: one part, row after row, group after group. A backend may multiply such groups where they stand, without the bytes ever being written; what
/// <see cref="IAffineUnpack"/> asks for follows from the description.
/// </summary>
public unsafe interface IGroupedUnpack : IAffineUnpack
{
    /// <summary>How a group looks.</summary>
    GroupLayout Layout { get; }

    int IAffineUnpack.GroupSize => GroupLayout.Elements;

    int IAffineUnpack.MaxValue => Layout.MaxValue;

    void IAffineUnpack.Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        GroupLayout layout = Layout;
        long groups = weight.Columns / GroupLayout.Elements;
        layout.Unpack(weight.Parts[0].Data + firstRow * groups * layout.Bytes, checked((int)(rowCount * groups)), values, scales, minimums);
    }
}
