namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>A described type as one would be without the description: it unpacks one element after the other.</summary>
/// <param name="layout">How its groups look.</param>
/// <param name="order">The element at each of the layout's places.</param>
internal sealed unsafe class UndescribedType(GroupLayout layout, int[]? order = null) : IQuantization, IAffineUnpack
{
    private readonly DescribedType _type = new(layout);

    public delegate void Change(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums);

    public string Id => _type.Id;

    public int BlockSize => GroupLayout.Elements;

    public int GroupSize { get; init; } = GroupLayout.Elements;

    public int MaxValue { get; init; } = layout.MaxValue;

    /// <summary>How often it was asked to.</summary>
    public int Unpacked { get; private set; }

    /// <summary>What it does besides.</summary>
    public Change? Then { get; init; }

    /// <summary>Elements of a group that it writes.</summary>
    public Func<WeightTensor, int> Written { get; init; } = _ => GroupLayout.Elements;

    public Action<WeightTensor>? Checks { get; init; }

    public void Validate(WeightTensor weight) => Checks?.Invoke(weight);

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination) => throw new NotSupportedException();

    public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        Unpacked++;
        int written = Written(weight);
        long inRow = weight.Columns / 32;
        byte* group = weight.Parts[0].Data + firstRow * inRow * layout.Bytes;
        for (int g = 0; g < rowCount * inRow; g++, group += layout.Bytes)
        {
            for (int place = 0; place < 32; place++)
                if ((order?[place] ?? place) is var element && element < written)
                    values[g * 32 + element] = (byte)_type.Element(group, place);
            scales[g] = (float)*(Half*)(group + layout.ScaleAt);
            minimums[g] = scales[g] * layout.Zero;
        }
        Then?.Invoke(weight, firstRow, rowCount, values, scales, minimums);
    }
}
