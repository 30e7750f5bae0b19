using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Trainer.Numerics;

/// <summary>Copies a matrix to panels of a few rows each, column by column, as the product's tile reads them.</summary>
internal static unsafe class Panels
{
    /// <summary>Floats that may be written past the last panel.</summary>
    public const int Slack = 8;

    private const int Lanes = 8;

    /// <summary>Panels of <paramref name="tile"/> rows; missing rows are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* from, int rows, int depth, int rowStride, int columnStride, int tile, float* to)
    {
        for (int i = 0; i < rows; i += tile, to += (long)tile * depth)
        {
            float* panel = from + (long)i * rowStride;
            int height = Math.Min(tile, rows - i);
            if (height < tile)
                new Span<float>(to, tile * depth).Clear();
            if (rowStride == 1)
                CopyColumns(panel, height, depth, columnStride, tile, to);
            else if (columnStride == 1 && Avx.IsSupported && height == tile)
                TurnRows(panel, depth, rowStride, tile, to);
            else
                Elements(panel, height, 0, depth, rowStride, columnStride, tile, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyColumns(float* panel, int height, int depth, int columnStride, int tile, float* to)
    {
        for (int k = 0; k < depth; k++, panel += columnStride, to += tile)
        {
            int r = 0;
            for (; r + 4 <= height; r += 4)
                Vector128.Store(Vector128.Load(panel + r), to + r);
            for (; r < height; r++)
                to[r] = panel[r];
        }
    }

    /// <summary>Rows that lie as rows: eight by eight elements are turned in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TurnRows(float* panel, int depth, int rowStride, int tile, float* to)
    {
        int whole = depth / Lanes * Lanes;
        for (int k = 0; k < whole; k += Lanes)
            for (int r = 0; r < tile; r += Lanes)
                Turn(panel + (long)r * rowStride + k, Math.Min(Lanes, tile - r), rowStride, to + k * tile + r, tile);
        Elements(panel, tile, whole, depth, rowStride, 1, tile, to);
    }

    /// <summary>Where there are fewer than eight rows, what is stored past them is overwritten by the next column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(float* s, int rows, long stride, float* to, int tile)
    {
        Vector256<float> r0 = Vector256.Load(s), r1 = Vector256.Load(s + stride), r2 = Vector256.Load(s + 2 * stride), r3 = Vector256.Load(s + 3 * stride);
        Vector256<float> r4 = Vector256.Load(s + 4 * stride), r5 = Vector256.Load(s + 5 * stride);
        Vector256<float> r6 = rows > 6 ? Vector256.Load(s + 6 * stride) : default, r7 = rows > 6 ? Vector256.Load(s + 7 * stride) : default;
        Vector256<float> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1), a2 = Avx.UnpackLow(r2, r3), a3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> a4 = Avx.UnpackLow(r4, r5), a5 = Avx.UnpackHigh(r4, r5), a6 = Avx.UnpackLow(r6, r7), a7 = Avx.UnpackHigh(r6, r7);
        Vector256<float> b0 = Avx.Shuffle(a0, a2, 0x44), b1 = Avx.Shuffle(a0, a2, 0xEE), b2 = Avx.Shuffle(a1, a3, 0x44), b3 = Avx.Shuffle(a1, a3, 0xEE);
        Vector256<float> b4 = Avx.Shuffle(a4, a6, 0x44), b5 = Avx.Shuffle(a4, a6, 0xEE), b6 = Avx.Shuffle(a5, a7, 0x44), b7 = Avx.Shuffle(a5, a7, 0xEE);
        Avx.Permute2x128(b0, b4, 0x20).Store(to);
        Avx.Permute2x128(b1, b5, 0x20).Store(to + tile);
        Avx.Permute2x128(b2, b6, 0x20).Store(to + 2 * tile);
        Avx.Permute2x128(b3, b7, 0x20).Store(to + 3 * tile);
        Avx.Permute2x128(b0, b4, 0x31).Store(to + 4 * tile);
        Avx.Permute2x128(b1, b5, 0x31).Store(to + 5 * tile);
        Avx.Permute2x128(b2, b6, 0x31).Store(to + 6 * tile);
        Avx.Permute2x128(b3, b7, 0x31).Store(to + 7 * tile);
    }

    private static void Elements(float* panel, int height, int first, int depth, int rowStride, int columnStride, int tile, float* to)
    {
        for (int r = 0; r < height; r++)
            for (int k = first; k < depth; k++)
                to[(long)k * tile + r] = panel[(long)r * rowStride + (long)k * columnStride];
    }
}
