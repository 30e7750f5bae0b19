using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Linear;

internal sealed unsafe partial class Refinement
{
    // Up to so many groups among the rows of a panel, comparing and choosing eight rows at a time costs less than reading each row's own sum.
    private const int FewGroups = 4;

    /// <summary>As <see cref="Add"/> for one panel of activation rows: each group that a row has is multiplied by tiles for all rows, and each row takes what is its own.</summary>
    /// <param name="tile">The weight's.</param>
    /// <param name="panels">Its rows, unpacked.</param>
    /// <param name="rowCount">Their number.</param>
    /// <param name="section">The panel's <see cref="RefinedPanel"/>.</param>
    /// <param name="width">The panel's width.</param>
    /// <param name="count">Its rows whose products are there.</param>
    /// <param name="output">The products.</param>
    /// <param name="rowStride">Floats from one weight row's products to the next.</param>
    /// <param name="outputStride">Floats from one activation row's to the next.</param>
    [SkipLocalsInit]
    public void AddTiles(BlockTileKernel tile, byte* panels, int rowCount, byte* section, int width, int count, float* output, nint rowStride, nint outputStride)
    {
        int* different = stackalloc int[TileKernel.MaxWidth], own = stackalloc int[TileKernel.MaxWidth];
        float* sums = stackalloc float[TileKernel.MaxWidth * Panels.Rows * TileKernel.MaxWidth];
        for (int place = 0; place < _groups; place++)
        {
            int* groups = RefinedPanel.Groups(section, place);
            int found = 0;
            for (int row = 0; row < width; row++)
            {
                own[row] = new Span<int>(different, found).IndexOf(groups[row]);
                if (own[row] < 0)
                    different[own[row] = found++] = groups[row];
            }
            byte* block = RefinedPanel.Block(section, _super, place, _groups, width), panel = panels;
            float* to = output;
            for (int row = 0; row < rowCount; row += Panels.Rows, panel += tile.PanelBytes, to += Panels.Rows * rowStride)
            {
                int rows = Math.Min(Panels.Rows, rowCount - row);
                for (int i = 0; i < found; i++)
                    tile.MultiplyBlock(panel, different[i], block, width, sums + i * Panels.Rows * width);
                if (found <= FewGroups && outputStride == 1 && count == width)
                    Choose(sums, rows, width, own, found, to, rowStride);
                else
                    Read(sums, rows, width, own, count, to, rowStride, outputStride);
            }
        }
    }

    // To each row's product the sum of its own group.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Choose(float* sums, int rowCount, int width, int* own, int found, float* output, nint rowStride)
    {
        for (int first = 0; first < width; first += 8)
        {
            Vector256<int> group = Vector256.Load(own + first);
            for (int row = 0; row < rowCount; row++)
            {
                float* at = sums + row * width + first, to = output + row * rowStride + first;
                Vector256<float> sum = Vector256.Load(at);
                for (int i = 1; i < found; i++)
                    sum = Vector256.ConditionalSelect(Vector256.Equals(group, Vector256.Create(i)).AsSingle(), Vector256.Load(at + i * Panels.Rows * width), sum);
                (Vector256.Load(to) + sum).Store(to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Read(float* sums, int rowCount, int width, int* own, int count, float* output, nint rowStride, nint outputStride)
    {
        for (int i = 0; i < count; i++, output += outputStride)
        {
            float* at = sums + own[i] * Panels.Rows * width + i;
            for (int row = 0; row < rowCount; row++)
                output[row * rowStride] += at[row * width];
        }
    }
}
