using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Supers;

namespace Tessera.Kernels.Cpu.Linear;

internal sealed unsafe partial class Refinement
{
    // Up to so many groups among the rows of a panel are multiplied by tiles for all rows, and each row takes what is its own: a row dot of so few columns is mostly call.
    private const int FewGroups = 4;

    /// <summary>As <see cref="Add"/> for one panel of activation rows, whose products stand by features.</summary>
    [SkipLocalsInit]
    public void AddByFeatures(BlockTileKernel tile, byte* panels, byte* weights, int rowCount, byte* activations, nint stride, int count, int width, float* output)
    {
        activations += _offset;
        int* groups = stackalloc int[TileKernel.MaxWidth], different = stackalloc int[TileKernel.MaxWidth];
        for (int i = 0; i < _groups; i++)
        {
            int found = 0;
            for (int row = 0; row < width; row++)
            {
                groups[row] = Group(activations, stride, Math.Min(row, count - 1), i);
                if (!new Span<int>(different, found).Contains(groups[row]))
                    different[found++] = groups[row];
            }
            byte* refined = activations + RefinedActivation.RowsOffset + i * _groupRowBytes;
            if (found <= FewGroups)
                AddTiles(tile, panels, rowCount, refined, stride, count, width, groups, different, found, output);
            else
                AddRows(weights, rowCount, refined, stride, count, width, groups, output);
        }
    }

    [SkipLocalsInit]
    private void AddTiles(BlockTileKernel tile, byte* panels, int rowCount, byte* refined, nint stride, int count, int width, int* groups, int* different, int found, float* output)
    {
        byte* panel = stackalloc byte[SuperActivations.Bytes(TileKernel.MaxWidth)];
        if (_super)
            SuperActivations.Pack(refined, stride, count, _width, panel, width, 0, 1);
        else
            GroupActivations.Pack(refined, stride, count, _width, panel, width, 0, 1);
        float* sums = stackalloc float[FewGroups * Panels.Rows * TileKernel.MaxWidth];
        for (int row = 0; row < rowCount; row += Panels.Rows, panels += tile.PanelBytes, output += Panels.Rows * width)
        {
            for (int i = 0; i < found; i++)
                tile.MultiplyBlock(panels, different[i], panel, width, sums + i * Panels.Rows * width);
            Take(sums, Math.Min(Panels.Rows, rowCount - row), width, groups, different, found, output);
        }
    }

    // To each row's product the sum of its own group.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Take(float* sums, int rowCount, int width, int* groups, int* different, int found, float* output)
    {
        for (int first = 0; first < width; first += 8)
        {
            Vector256<int> group = Vector256.Load(groups + first);
            for (int row = 0; row < rowCount; row++)
            {
                float* at = sums + row * width + first;
                Vector256<float> own = Vector256.Load(at);
                for (int i = 1; i < found; i++)
                    own = Vector256.ConditionalSelect(Vector256.Equals(group, Vector256.Create(different[i])).AsSingle(), Vector256.Load(at + i * Panels.Rows * width), own);
                (Vector256.Load(output + row * width + first) + own).Store(output + row * width + first);
            }
        }
    }

    [SkipLocalsInit]
    private void AddRows(byte* weights, int rowCount, byte* refined, nint stride, int count, int width, int* groups, float* output)
    {
        float* sums = stackalloc float[MostRows * TileKernel.MaxWidth];
        // Nothing is added to the products of rows that are not there.
        new Span<float>(sums + count * MostRows, (width - count) * MostRows).Clear();
        for (int row = 0; row < rowCount; row += MostRows, output += MostRows * width)
        {
            int rows = Math.Min(MostRows, rowCount - row);
            for (int first = 0, same; first < count; first += same)
            {
                for (same = 1; first + same < count && same < NativeRows.Most && groups[first + same] == groups[first]; same++)
                {
                }
                Dot(weights + row * _rowBytes + groups[first] * _groupBytes, rows, refined + first * stride, stride, same, sums + first * MostRows);
            }
            AddTurned(sums, rows, width, output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void AddTurned(float* sums, int rowCount, int width, float* output)
    {
        float* eight = stackalloc float[Panels.Rows * Panels.Rows];
        for (int row = 0; row < rowCount; row += Panels.Rows)
            for (int first = 0; first < width; first += Panels.Rows)
            {
                float* at = sums + first * MostRows + row;
                Interleave.Transpose(
                    Vector256.Load(at), Vector256.Load(at + MostRows), Vector256.Load(at + 2 * MostRows), Vector256.Load(at + 3 * MostRows),
                    Vector256.Load(at + 4 * MostRows), Vector256.Load(at + 5 * MostRows), Vector256.Load(at + 6 * MostRows), Vector256.Load(at + 7 * MostRows), eight, Panels.Rows);
                for (int i = 0; i < Panels.Rows && row + i < rowCount; i++)
                {
                    float* to = output + (row + i) * width + first;
                    (Vector256.Load(to) + Vector256.Load(eight + i * Panels.Rows)).Store(to);
                }
            }
    }
}
