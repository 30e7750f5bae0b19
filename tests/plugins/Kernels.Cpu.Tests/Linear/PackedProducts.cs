using System.Runtime.InteropServices;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Products of a weight with several rows of activations.</summary>
internal static unsafe class PackedProducts
{
    /// <summary>More than kernels take at once.</summary>
    private const int BatchRows = 5;

    /// <summary>Several rows.</summary>
    public static float[] Activations(int columns)
    {
        Random random = new(columns);
        return [.. Enumerable.Range(0, BatchRows * columns).Select(_ => random.NextSingle() - 0.5f)];
    }

    /// <summary>Against float64, within what rounding to eight bits may move: half a step of each activation, times the weight.</summary>
    public static void Near(PackedWeight weight, float[] x, float[] found)
    {
        int rows = (int)weight.Tensor.Rows, columns = (int)weight.Tensor.Columns;
        float[] values = new float[rows * columns];
        PackedWeight.Type(weight.Tensor.Quantization).Validate(weight.Tensor);
        PackedWeight.Type(weight.Tensor.Quantization).Dequantize(weight.Tensor, 0, rows, values);
        if (weight.Tensor.Quantization is "gptq4" or "awq4")
            Assert.Equal(TransposedDefinition.Values(weight.Tensor), values);
        for (int b = 0; b < BatchRows; b++)
            for (int row = 0; row < rows; row++)
            {
                double expected = 0, magnitude = 0;
                for (int i = 0; i < columns; i++)
                    (expected, magnitude) = (expected + (double)values[row * columns + i] * x[b * columns + i], magnitude + Math.Abs(values[row * columns + i]));
                Assert.Equal(expected, found[b * rows + row], 0.5 / 127 / 2 * 1.02 * magnitude);
            }
    }

    /// <summary>By row dots, so many weight rows at a time.</summary>
    public static float[] Multiply(LinearKernel kernel, float[] x, int block)
    {
        long stride = (kernel.Preparation.Bytes(kernel.Columns) + 63L) & ~63L;
        using NativeBytes prepared = new(stride * BatchRows), scratch = new(kernel.ScratchBytes(block));
        Prepare(kernel, x, prepared.Data, stride);
        float[] output = new float[BatchRows * kernel.Rows];
        fixed (float* to = output)
            for (int first = 0; first < kernel.Rows; first += block)
            {
                int count = Math.Min(block, kernel.Rows - first);
                kernel.Begin(first, count, scratch.Data);
                kernel.Multiply(first, count, scratch.Data, prepared.Data, stride, BatchRows, to + first, kernel.Rows);
            }
        return output;
    }

    /// <summary>By tiles.</summary>
    public static float[] Tiles(LinearKernel kernel, float[] x, CpuIsa isa)
    {
        long stride = (kernel.Preparation.Bytes(kernel.Columns) + 63L) & ~63L;
        int width = TileTable.Width(isa);
        using NativeBytes prepared = new(stride * BatchRows), panel = new(kernel.Preparation.PanelBytes(kernel.Columns, width)), block = new(kernel.Tile!.BlockBytes(kernel.Rows));
        Prepare(kernel, x, prepared.Data, stride);
        int wide = TileKernel.WidthOf(BatchRows, width);
        kernel.Preparation.Pack(prepared.Data, stride, BatchRows, kernel.Columns, panel.Data, wide, 0, 1);
        kernel.Tile.Unpack(0, kernel.Rows, block.Data);
        float[] output = new float[BatchRows * kernel.Rows];
        fixed (float* to = output)
            kernel.Tile.Multiply(block.Data, kernel.Rows, panel.Data, 0, wide, BatchRows, to, kernel.Rows);
        return output;
    }

    private static void Prepare(LinearKernel kernel, float[] x, byte* prepared, long stride)
    {
        fixed (float* from = x)
            for (int row = 0; row < BatchRows; row++)
                kernel.Preparation.Prepare(from + row * kernel.Columns, kernel.Columns, prepared + row * stride);
    }

    private sealed class NativeBytes(long length) : IDisposable
    {
        public byte* Data { get; } = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(64, length), 64);

        public void Dispose() => NativeMemory.AlignedFree(Data);
    }
}
