using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Common;

namespace Tessera.Quant.BitsAndBytes;

/// <summary>
/// level[code] · magnitude, where a magnitude is of so many values of the flattened tensor as the parameter <c>block</c> says; see <see cref="Magnitudes"/>. Parts: <c>data</c>,
/// two codes in a byte, the high nibble first; <c>levels</c>, sixteen float32; <c>magnitudes</c>, and where these are quantized themselves <c>nested_levels</c> and
/// <c>nested_magnitudes</c>.
/// </summary>
/// <remarks>https://arxiv.org/abs/2305.14314</remarks>
internal sealed unsafe class FourBitType(string id) : IQuantization, IDescribedRowDot
{
    private const string Data = "data";

    public string Id => id;

    public int BlockSize => 1;

    public void Validate(WeightTensor weight)
    {
        TensorCheck check = new(id, weight, BlockSize, [Data, FourBitLevels.Part, Magnitudes.Part], Magnitudes.NestedLevels, Magnitudes.Nested);
        check.Part(Data, (check.Values + 1) / 2);
        check.Part(FourBitLevels.Part, FourBitLevels.Count * sizeof(float));
        Magnitudes.Check(check, weight);
    }

    public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination)
    {
        weight.CheckRows(firstRow, rowCount, destination);
        FourBitLevels levels = new(weight);
        Magnitudes magnitudes = new(weight);
        byte* data = weight.Data(Data);
        fixed (float* start = destination)
        {
            long first = firstRow * weight.Columns, end = first + rowCount * weight.Columns;
            float* to = start;
            for (long run; first < end; first += run, to += run)
            {
                run = magnitudes.Run(first, end);
                levels.Dequantize(data, first, run, magnitudes.Of(first), to);
            }
        }
    }

    public string Description => $"{(Avx2.IsSupported && Fma.IsSupported ? "avx2" : "scalar")}, activations float32";

    public int PreparedBytes(int columns) => checked(columns * sizeof(float));

    public void Prepare(float* activations, int columns, byte* prepared) => Buffer.MemoryCopy(activations, prepared, (long)columns * sizeof(float), (long)columns * sizeof(float));

    public void Dot(WeightTensor weight, long firstRow, int rowCount, byte* prepared, float* result)
    {
        weight.CheckRows(firstRow, rowCount);
        FourBitLevels levels = new(weight);
        Magnitudes magnitudes = new(weight);
        byte* data = weight.Data(Data);
        long columns = weight.Columns;
        for (int row = 0; row < rowCount; row++)
        {
            long first = (firstRow + row) * columns, end = first + columns;
            float* x = (float*)prepared;
            float sum = 0;
            for (long run; first < end; first += run, x += run)
            {
                run = magnitudes.Run(first, end);
                sum = MathF.FusedMultiplyAdd(levels.Dot(data, first, run, x), magnitudes.Of(first), sum);
            }
            result[row] = sum;
        }
    }
}
