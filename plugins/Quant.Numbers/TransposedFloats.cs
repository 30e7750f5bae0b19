using Tessera.Quant.Common;

namespace Tessera.Quant.Numbers;

/// <summary>Floats whose matrices stand in the file column by column: <c>data</c> of a weight of [matrices, rows, columns] is [matrices, columns, rows].</summary>
internal sealed unsafe class TransposedFloats(string id, FloatType type) : PlainType(id, type.Size())
{
    // Values that are widened at once: with what is written of them, they stay in the first-level cache.
    private const int Strip = 256;

    protected override void Read(byte* data, WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        FloatArray stored = new(data, type);
        long rows = weight.Shape.Length > 1 ? weight.Shape[^2] : 1, columns = weight.Columns;
        float* strip = stackalloc float[Strip];
        for (long done = 0; done < rowCount;)
        {
            long matrix = (firstRow + done) / rows, row = (firstRow + done) % rows;
            int count = (int)Math.Min(Strip, Math.Min(rowCount - done, rows - row));
            fixed (float* to = destination[checked((int)(done * columns))..])
                for (long column = 0; column < columns; column++)
                {
                    stored.Read((matrix * columns + column) * rows + row, count, strip);
                    for (int i = 0; i < count; i++)
                        to[i * columns + column] = strip[i];
                }
            done += count;
        }
    }
}
