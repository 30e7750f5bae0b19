using Tessera.Quant.Common;

namespace Tessera.Quant.Numbers;

/// <summary>One part, <c>data</c>: the values one after the other, each of the same number of bytes; rows of any length.</summary>
internal abstract unsafe class PlainType(string id, int size) : IQuantization
{
    private const string Data = "data";

    public string Id => id;

    public int BlockSize => 1;

    public void Validate(WeightTensor weight)
    {
        TensorCheck check = new(Id, weight, BlockSize, [Data]);
        check.Part(Data, (Int128)check.Values * size);
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        Read(weight.Data(Data), weight, firstRow, rowCount, destination);
    }

    /// <summary>Writes the values of rows that are there.</summary>
    protected abstract void Read(byte* data, WeightTensor weight, long firstRow, int rowCount, Span<float> destination);
}
