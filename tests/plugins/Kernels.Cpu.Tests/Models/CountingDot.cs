namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>The same bytes with a row dot, which counts the activation rows that it is prepared for.</summary>
internal sealed unsafe class CountingDot() : CountingType(32), IRowDot
{
    public int Prepared { get; private set; }

    public int PreparedBytes(int columns) => columns * sizeof(float);

    public void Prepare(float* activations, int columns, byte* prepared)
    {
        Prepared++;
        new Span<float>(activations, columns).CopyTo(new Span<float>(prepared, columns));
    }

    public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
    {
        float[] row = new float[weight.Columns];
        for (int r = 0; r < rowCount; r++)
        {
            Dequantize(weight, firstRow + r, 1, row);
            result[r] = 0;
            for (int i = 0; i < row.Length; i++)
                result[r] += ((float*)prepared)[i] * row[i];
        }
    }
}
