using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests.Tiles;

/// <summary>A tile's products, bit for bit beside the row dots'.</summary>
internal static unsafe class TileCheck
{
    private const int Gap = 5;

    /// <summary>Columns of weights: fewer blocks than there are lanes, as many, and numbers that are no multiple of them.</summary>
    public static int[] Shapes(string quantization) => TestWeight.BlockSize(quantization) switch
    {
        32 => [32, 96, 256, 288, 576, 1024],
        64 => [64, 192, 256, 320, 576, 1024],
        128 => [128, 256, 384, 640, 1024],
        _ => [256, 512, 768, 1280, 2048],
    };

    public static void Run(RowDotKernel kernel, Preparation form, TileKernel tile, TestWeight weight, int rows, int columns, int count, int width)
    {
        int stride = form.Bytes(columns) + 64;
        // A second panel stands a little behind the first.
        long panelBytes = form.PanelBytes(columns, width) + 64;
        using NativeBuffer prepared = new(stride * count), panel = new(2 * (int)panelBytes), unpacked = new(tile.PanelBytes * 3);
        float[] expected = new float[rows * count], found = new float[(rows + Gap) * count];
        Array.Fill(found, -1);
        Random random = new(count);
        for (int row = 0; row < count; row++)
        {
            float[] x = [.. Enumerable.Range(0, columns).Select(i => (random.NextSingle() - 0.5f) * (1 + i % 7))];
            // The largest values, all of one sign: no sum may leave its 16 bits.
            if (row == count / 2)
                Array.Fill(x, -1);
            fixed (float* source = x)
                form.Prepare(source, columns, prepared.Bytes + row * stride);
            fixed (float* output = &expected[row * rows])
                kernel.Dot(weight.Rows, weight.RowBytes, rows, columns, prepared.Bytes + row * stride, output);
        }
        // In parts, as lanes do.
        for (int part = 0; part < 3; part++)
        {
            form.Pack(prepared.Bytes, stride, Math.Min(count, width), columns, panel.Bytes, width, part, 3);
            if (count > width)
                form.Pack(prepared.Bytes + width * stride, stride, count - width, columns, panel.Bytes + panelBytes, width, part, 3);
        }
        tile.Unpack(2, rows - 2, unpacked.Bytes);
        fixed (float* output = found)
            tile.Multiply(unpacked.Bytes, rows - 2, panel.Bytes, panelBytes, width, count, output + 2, rows + Gap);
        for (int row = 0; row < count; row++)
            for (int i = 0; i < rows + Gap; i++)
            {
                float want = i >= 2 && i < rows ? expected[row * rows + i] : -1, got = found[row * (rows + Gap) + i];
                Assert.True(BitConverter.SingleToInt32Bits(want) == BitConverter.SingleToInt32Bits(got), $"{columns} columns, activation row {row} of {count}, row {i}: expected {want:R}, found {got:R}");
            }
        ByFeatures(tile, expected, unpacked.Bytes, panel.Bytes, panelBytes, rows, count, width);
    }

    private static void ByFeatures(TileKernel tile, float[] expected, byte* unpacked, byte* panel, long panelBytes, int rows, int count, int width)
    {
        int features = rows - 2;
        float[] found = new float[2 * rows * width];
        Array.Fill(found, -1);
        fixed (float* output = found)
            tile.MultiplyByFeatures(unpacked, features, panel, panelBytes, width, output, count > width ? output + rows * width : null);
        for (int row = 0; row < count; row++)
            for (int i = 0; i < rows; i++)
            {
                float want = i < features ? expected[row * rows + i + 2] : -1, got = found[((row / width * rows) + i) * width + row % width];
                Assert.True(BitConverter.SingleToInt32Bits(want) == BitConverter.SingleToInt32Bits(got), $"by features, activation row {row} of {count}, row {i}: expected {want:R}, found {got:R}");
            }
    }
}
