namespace Tessera.Quant.Common;

/// <summary>Looks at tensors.</summary>
public static class WeightTensors
{
    /// <summary>The part of a name, or null.</summary>
    public static WeightPart? Find(this WeightTensor weight, string name)
    {
        foreach (WeightPart part in weight.Parts)
            if (part.Name == name)
                return part;
        return null;
    }

    /// <summary>The part of a name that a validated tensor has.</summary>
    public static unsafe byte* Data(this WeightTensor weight, string name) => weight.Find(name)!.Data;

    /// <summary>Throws unless a range of rows is within the tensor.</summary>
    public static void CheckRows(this WeightTensor weight, long firstRow, int rowCount)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, weight.Rows - rowCount);
    }

    /// <summary>As <see cref="CheckRows(WeightTensor, long, int)"/>, and that a destination has room for the rows.</summary>
    public static void CheckRows(this WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, rowCount * weight.Columns, nameof(destination));
    }
}
