using Tessera.Kernels.Cpu.Linear.Grouped.Found;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>A weight that its plugin unpacks to bytes, its columns as they stand or, where these are grouped in another order, in that one.</summary>
/// <param name="weight">A validated weight.</param>
/// <param name="unpack">What unpacks it; an <see cref="IOrderedUnpack"/> where there is an order.</param>
/// <param name="order">The order, pinned, or null.</param>
internal sealed unsafe class AffineSource(WeightTensor weight, IAffineUnpack unpack, int[]? order = null)
{
    private const int MostTogether = 4096;

    /// <summary>Columns in a group.</summary>
    public int GroupSize => unpack.GroupSize;

    /// <summary>The largest byte.</summary>
    public int MaxValue => unpack.MaxValue;

    /// <summary>Rows that are best unpacked together; within bounds, whatever the plugin says, as memory is taken for them.</summary>
    public int RowsTogether { get; } = Math.Clamp(unpack.RowsTogether, 1, MostTogether);

    /// <summary>The order of the columns, or null where they are as they stand.</summary>
    public int[]? Order => order;

    /// <summary>The weight as a source; null where its plugin cannot unpack it.</summary>
    public static AffineSource? Of(WeightTensor weight, IQuantization quantization)
    {
        if (quantization is not IAffineUnpack { GroupSize: 16 or 32 } unpack || weight.Columns % 32 != 0)
            return null;
        if (unpack.CanUnpack(weight))
            return new AffineSource(weight, unpack);
        // Pinned: it is handed over as a pointer for as long as the runtime lives.
        int[] order = GC.AllocateUninitializedArray<int>((int)weight.Columns, pinned: true);
        return quantization is IOrderedUnpack ordered && ordered.TryOrder(weight, order) ? new AffineSource(weight, unpack, order) : null;
    }

    /// <summary>How its groups look; null where that is not known.</summary>
    public GroupLayout? Layout { get; } = order is null && unpack is IGroupedUnpack grouped ? Fitting(weight, grouped, grouped.Layout) : null;

    /// <summary>Its groups where they were found, not described.</summary>
    public FoundGroups? Found => unpack as FoundGroups;

    // What the description says is not read before it is known to be there. Rows are multiplied by it, tiles by what the plugin unpacks: both have to be of one type.
    private static GroupLayout Fitting(WeightTensor weight, IGroupedUnpack unpack, GroupLayout layout)
    {
        if (!layout.IsValid || weight.Parts.Length != 1 || weight.Parts[0].Length / layout.Bytes < weight.Rows * weight.Columns / GroupLayout.Elements)
            throw new ModelFormatException($"cpu: tensor '{weight.Name}' {weight.ShapeText}: {weight.Bytes} bytes in {weight.Parts.Length} parts are not what type '{weight.Quantization}' says of its groups: {layout}");
        if (unpack.GroupSize != GroupLayout.Elements || unpack.MaxValue != layout.MaxValue)
            throw new ModelFormatException($"cpu: tensor '{weight.Name}': type '{weight.Quantization}' unpacks groups of {unpack.GroupSize} with values up to {unpack.MaxValue}, its description says {GroupLayout.Elements} and {layout.MaxValue}");
        return layout;
    }

    /// <summary>As <see cref="IAffineUnpack.Unpack"/>.</summary>
    public void Unpack(long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        if (order is null)
            unpack.Unpack(weight, firstRow, rowCount, values, scales, minimums);
        else
            fixed (int* columns = order)
                ((IOrderedUnpack)unpack).Unpack(weight, columns, firstRow, rowCount, values, scales, minimums);
    }
}
