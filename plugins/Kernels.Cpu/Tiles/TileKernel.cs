using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>A weight's way through tiles: rows are unpacked into a panel that stays in the second-level cache, then multiplied with interleaved activation rows.</summary>
internal abstract unsafe class TileKernel
{
    /// <summary>Activation rows of a panel, at most.</summary>
    public const int MaxWidth = 16;

    /// <summary>The width of the panel that a number of rows is interleaved to, where panels have up to <paramref name="width"/>.</summary>
    public static int WidthOf(int count, int width) => count <= 8 ? 8 : width;

    /// <summary>Whether another plugin's machine code multiplies.</summary>
    public virtual bool IsNative => false;

    /// <summary>Whether two panels of <see cref="MaxWidth"/> come faster at once.</summary>
    public virtual bool HasPair => false;

    /// <summary>Bytes of a panel of <see cref="Panels.Rows"/> rows.</summary>
    public abstract long PanelBytes { get; }

    /// <summary>Bytes that unpacking needs behind the panels.</summary>
    public virtual long WorkBytes => 0;

    /// <summary>Bytes that a lane needs for a block of rows: panels and what unpacking needs.</summary>
    public long BlockBytes(int rows) => PanelBytes * ((rows + Panels.Rows - 1) / Panels.Rows) + WorkBytes;

    /// <summary>Unpacks rows; the last panel repeats the last row.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">The number of rows.</param>
    /// <param name="panels"><see cref="BlockBytes"/> long: a <see cref="PanelBytes"/> for each 8 rows begun, then <see cref="WorkBytes"/>.</param>
    public abstract void Unpack(int firstRow, int rowCount, byte* panels);

    /// <summary>The activation rows that are multiplied at once: a panel's, or two panels' where that gains and the second is of the full width too.</summary>
    /// <param name="left">The rows that are left.</param>
    /// <param name="width">Rows of a panel, at most.</param>
    public int RowsAtOnce(int left, int width) => HasPair && left > width && WidthOf(left - width, width) == MaxWidth ? Math.Min(left, 2 * width) : Math.Min(left, width);

    /// <summary>Multiplies unpacked rows with interleaved activation rows.</summary>
    /// <param name="panels">From <see cref="Unpack"/>.</param>
    /// <param name="rowCount">Their rows.</param>
    /// <param name="activations">An interleaved panel, or the first of two.</param>
    /// <param name="distance">Bytes from it to the next one.</param>
    /// <param name="width">Its width.</param>
    /// <param name="count">Activation rows that are there; more than <paramref name="width"/>: the second panel's are among them.</param>
    /// <param name="output">Where the first activation row's products go.</param>
    /// <param name="outputStride">Floats from one activation row's products to the next.</param>
    [SkipLocalsInit]
    public void Multiply(byte* panels, int rowCount, byte* activations, long distance, int width, int count, float* output, long outputStride)
    {
        float* sums = stackalloc float[2 * Panels.Rows * MaxWidth];
        for (int row = 0; row < rowCount; row += Panels.Rows, panels += PanelBytes)
        {
            int rows = Math.Min(Panels.Rows, rowCount - row);
            if (count > width)
            {
                MultiplyPanels(panels, activations, distance, sums);
                Write(sums + Panels.Rows * MaxWidth, width, count - width, rows, output + width * outputStride + row, outputStride);
            }
            else
                MultiplyPanel(panels, activations, width, sums);
            Write(sums, width, Math.Min(count, width), rows, output + row, outputStride);
        }
    }

    /// <summary>As <see cref="Multiply"/> with a whole panel's products by features: output[row · <paramref name="width"/> + activation row].</summary>
    /// <param name="panels">From <see cref="Unpack"/>.</param>
    /// <param name="rowCount">Their rows.</param>
    /// <param name="activations">An interleaved panel, or the first of two.</param>
    /// <param name="distance">Bytes from it to the next one.</param>
    /// <param name="width">Its width.</param>
    /// <param name="output">Where its products go.</param>
    /// <param name="second">Where the products of the second panel go, of <see cref="MaxWidth"/> as the first; null: there is none.</param>
    [SkipLocalsInit]
    public void MultiplyByFeatures(byte* panels, int rowCount, byte* activations, long distance, int width, float* output, float* second)
    {
        float* sums = stackalloc float[2 * Panels.Rows * MaxWidth];
        for (int row = 0; row < rowCount; row += Panels.Rows, panels += PanelBytes)
        {
            long at = (long)row * width, bytes = Math.Min(Panels.Rows, rowCount - row) * (long)width * sizeof(float);
            if (second != null)
            {
                MultiplyPanels(panels, activations, distance, sums);
                Buffer.MemoryCopy(sums, output + at, bytes, bytes);
                Buffer.MemoryCopy(sums + Panels.Rows * MaxWidth, second + at, bytes, bytes);
            }
            else if (rowCount - row >= Panels.Rows)
                MultiplyPanel(panels, activations, width, output + at);
            else
            {
                // Behind the last row are another block's products.
                MultiplyPanel(panels, activations, width, sums);
                Buffer.MemoryCopy(sums, output + at, bytes, bytes);
            }
        }
    }

    /// <summary>Runs every form once with nothing to do, so that no step waits for the compiler.</summary>
    public abstract void Compile();

    /// <summary>sums[row · width + activation row] of a panel.</summary>
    public abstract void MultiplyPanel(byte* panel, byte* activations, int width, float* sums);

    /// <summary>sums[activation panel][row · <see cref="MaxWidth"/> + activation row] of a panel and two of activations.</summary>
    public virtual void MultiplyPanels(byte* panel, byte* activations, long distance, float* sums)
    {
        MultiplyPanel(panel, activations, MaxWidth, sums);
        MultiplyPanel(panel, activations + distance, MaxWidth, sums + Panels.Rows * MaxWidth);
    }

    /// <summary>Writes a panel's sums, activation row by activation row.</summary>
    [SkipLocalsInit]
    private static void Write(float* sums, int width, int count, int rows, float* output, long outputStride)
    {
        float* columns = stackalloc float[Panels.Rows * Panels.Rows];
        for (int first = 0; first < count; first += Panels.Rows)
        {
            int there = Math.Min(Panels.Rows, count - first);
            float* to = output + first * outputStride;
            if (there == Panels.Rows && rows == Panels.Rows)
            {
                Turn(sums + first, width, to, outputStride);
                continue;
            }
            Turn(sums + first, width, columns, Panels.Rows);
            for (int i = 0; i < there; i++)
                Buffer.MemoryCopy(columns + i * Panels.Rows, to + i * outputStride, sizeof(float) * rows, sizeof(float) * rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(float* sums, int width, float* to, long stride) =>
        Interleave.Transpose(
            Vector256.Load(sums), Vector256.Load(sums + width), Vector256.Load(sums + 2 * width), Vector256.Load(sums + 3 * width),
            Vector256.Load(sums + 4 * width), Vector256.Load(sums + 5 * width), Vector256.Load(sums + 6 * width), Vector256.Load(sums + 7 * width), to, stride);
}
