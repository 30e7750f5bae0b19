using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests.Tiles;

/// <summary>Tiles and dots of rows that a plugin unpacks, against float64 and each other.</summary>
public unsafe class AffineTileTests
{
    private const double Tolerance = 1e-5;
    private const int Rows = 13;

    public static MatrixTheoryData<int, string> Cases => new([15, 31, 127, 255], [.. Isas.All.Keys]);

    [Theory, MemberData(nameof(Cases))]
    public void Products_are_float64s_and_bitwise_the_dots(int max, string isa)
    {
        CpuIsa set = Isas.All[isa];
        Preparation form = Preparation.Int8(set);
        foreach (int columns in new[] { 32, 96, 256, 576 })
        {
            Made made = new(max);
            WeightTensor weight = new() { Name = "made", Shape = [Rows, columns], Quantization = "made", Parts = [] };
            if (TileTable.Create(weight, new AffineSource(weight, made), set) is not { } tile)
            {
                Assert.False(set.Avx2);
                return;
            }
            tile.Compile();
            byte[] values = new byte[Rows * columns];
            float[] scales = new float[Rows * columns / 32], minimums = new float[scales.Length];
            fixed (byte* v = values)
            fixed (float* s = scales, m = minimums)
            {
                made.Unpack(weight, 0, Rows, v, s, m);
                foreach (int count in new[] { 1, 5, 8, TileTable.Width(set) })
                    Check(form, tile, max <= AffineDot.Small, set.Avx512, v, s, m, columns, count, TileKernel.WidthOf(count, TileTable.Width(set)));
            }
        }
    }

    private static void Check(Preparation form, TileKernel tile, bool small, bool wide, byte* values, float* scales, float* minimums, int columns, int count, int width)
    {
        int stride = form.Bytes(columns);
        using NativeBuffer prepared = new(stride * count), panel = new(form.PanelBytes(columns, width)), unpacked = new(tile.BlockBytes(Rows));
        float[] found = new float[Rows * count], alone = new float[Rows];
        Random random = new(count);
        for (int row = 0; row < count; row++)
        {
            // The last row is the largest that there is, all of one sign: no sum may leave its 16 bits.
            float[] x = [.. Enumerable.Range(0, columns).Select(_ => row == count - 1 ? 1 : random.NextSingle() - 0.5f)];
            fixed (float* source = x)
                form.Prepare(source, columns, prepared.Bytes + row * stride);
        }
        form.Pack(prepared.Bytes, stride, count, columns, panel.Bytes, width, 0, 1);
        tile.Unpack(0, Rows, unpacked.Bytes);
        fixed (float* output = found)
            tile.Multiply(unpacked.Bytes, Rows, panel.Bytes, 0, width, count, output, Rows);
        for (int row = 0; row < count; row++)
        {
            byte* activation = prepared.Bytes + row * stride;
            fixed (float* output = alone)
                AffineDot.Rows32(values, scales, minimums, Rows, columns, small, wide, activation, output, unpacked.Bytes, 0);
            float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns));
            for (int i = 0; i < Rows; i++)
            {
                double expected = 0, magnitude = 0;
                for (int k = 0; k < columns; k++)
                {
                    int group = (i * columns + k) / 32;
                    double product = ((double)scales[group] * values[i * columns + k] - minimums[group]) * ((sbyte*)activation)[k] * steps[k / 32];
                    expected += product;
                    magnitude += Math.Abs(product);
                }
                Assert.Equal(expected, alone[i], Tolerance * magnitude + 1e-12);
                Assert.Equal(BitConverter.SingleToInt32Bits(alone[i]), BitConverter.SingleToInt32Bits(found[row * Rows + i]));
            }
        }
    }

    /// <summary>Values that follow from their place, the largest in the first row.</summary>
    private sealed class Made(int max) : IAffineUnpack
    {
        public int GroupSize => 32;

        public int MaxValue => max;

        public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
        {
            int columns = (int)weight.Columns;
            for (int row = 0; row < rowCount; row++)
            {
                Random random = new((int)firstRow + row);
                for (int i = 0; i < columns; i++)
                    values[row * columns + i] = (byte)(firstRow + row == 0 ? max : random.Next(max + 1));
                for (int group = row * columns / 32; group < (row + 1) * columns / 32; group++)
                {
                    scales[group] = random.NextSingle() - 0.3f;
                    minimums[group] = random.NextSingle() * max / 2;
                }
            }
        }
    }
}
