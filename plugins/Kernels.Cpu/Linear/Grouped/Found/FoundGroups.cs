namespace Tessera.Kernels.Cpu.Linear.Grouped.Found;

/// <summary>What a type's own unpacking has shown of its groups: a layout, and where their elements stand in another order than <see cref="GroupUnpack"/> has them, that order. Unpacks as the type does.</summary>
/// <param name="layout">A valid layout.</param>
/// <param name="order">To the places that the layout means, and back; null where the elements are there.</param>
internal sealed unsafe class FoundGroups(GroupLayout layout, (ElementOrder To, ElementOrder Back)? order) : IGroupedUnpack
{
    /// <inheritdoc/>
    public GroupLayout Layout { get; } = layout;

    /// <summary>Brings a group's activations to its elements' places; null where they are there.</summary>
    public ElementOrder? Order { get; } = order?.To;

    /// <inheritdoc/>
    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        long inRow = weight.Columns / GroupLayout.Elements;
        int groups = checked((int)(rowCount * inRow));
        Layout.Unpack(weight.Parts[0].Data + firstRow * inRow * Layout.Bytes, groups, values, scales, minimums);
        order?.Back.Place(values, groups, values);
    }
}
