namespace Tessera.Quant.Numbers;

/// <summary>Truth values, a byte each: 0 is 0, anything else is 1.</summary>
internal sealed unsafe class TruthType() : PlainType("bool", 1)
{
    protected override void Read(byte* data, WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        data += firstRow * weight.Columns;
        int count = checked((int)(rowCount * weight.Columns));
        for (int i = 0; i < count; i++)
            destination[i] = data[i] == 0 ? 0 : 1;
    }
}
