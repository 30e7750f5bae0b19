using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>Rows of 4-byte elements to columns.</summary>
internal static unsafe class Interleave
{
    /// <summary>destination[i · width + row] = element i of the row. Rows that are not there repeat the last one.</summary>
    /// <param name="rows">The first row's elements.</param>
    /// <param name="stride">Bytes from a row to the next.</param>
    /// <param name="count">Rows that are there, at least 1.</param>
    /// <param name="elements">Elements of each.</param>
    /// <param name="destination"><paramref name="elements"/> × <paramref name="width"/>.</param>
    /// <param name="width">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Elements(byte* rows, long stride, int count, int elements, byte* destination, int width)
    {
        int* to = (int*)destination;
        int i = 0;
        for (; i <= elements - 8; i += 8)
            for (int row = 0; row < width; row += 8)
                Eight((int*)rows + i, stride, row, count - 1, to + i * width + row, width);
        for (; i < elements; i++)
            for (int row = 0; row < width; row++)
                to[i * width + row] = ((int*)(rows + stride * Math.Min(row, count - 1)))[i];
    }

    /// <summary>The way back of floats: element i of a row = features[i · width + row].</summary>
    /// <param name="features">The first element of the first row.</param>
    /// <param name="width">Floats from an element to the next.</param>
    /// <param name="elements">Their number.</param>
    /// <param name="rows">The first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="count">Rows, a multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* features, int width, int elements, float* rows, long stride, int count)
    {
        int i = 0;
        for (; i <= elements - 8; i += 8)
            for (int row = 0; row < count; row += 8)
            {
                float* x = features + (long)i * width + row;
                Transpose(
                    Vector256.Load(x), Vector256.Load(x + width), Vector256.Load(x + 2 * width), Vector256.Load(x + 3 * width),
                    Vector256.Load(x + 4 * width), Vector256.Load(x + 5 * width), Vector256.Load(x + 6 * width), Vector256.Load(x + 7 * width), rows + row * stride + i, stride);
            }
        for (; i < elements; i++)
            for (int row = 0; row < count; row++)
                rows[row * stride + i] = features[(long)i * width + row];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(int* rows, long stride, int row, int last, int* to, int width)
    {
        Transpose(
            Row(rows, stride, row, last), Row(rows, stride, row + 1, last), Row(rows, stride, row + 2, last), Row(rows, stride, row + 3, last),
            Row(rows, stride, row + 4, last), Row(rows, stride, row + 5, last), Row(rows, stride, row + 6, last), Row(rows, stride, row + 7, last),
            (float*)to, width);
    }

    /// <summary>Writes eight vectors as columns, <paramref name="stride"/> elements apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, Vector256<float> e, Vector256<float> f, Vector256<float> g, Vector256<float> h, float* to, long stride)
    {
        Vector256<double> ab0 = Avx.UnpackLow(a, b).AsDouble(), ab1 = Avx.UnpackHigh(a, b).AsDouble(), cd0 = Avx.UnpackLow(c, d).AsDouble(), cd1 = Avx.UnpackHigh(c, d).AsDouble();
        Vector256<double> ef0 = Avx.UnpackLow(e, f).AsDouble(), ef1 = Avx.UnpackHigh(e, f).AsDouble(), gh0 = Avx.UnpackLow(g, h).AsDouble(), gh1 = Avx.UnpackHigh(g, h).AsDouble();
        Columns(Avx.UnpackLow(ab0, cd0), Avx.UnpackLow(ef0, gh0), to, to + 4 * stride);
        Columns(Avx.UnpackHigh(ab0, cd0), Avx.UnpackHigh(ef0, gh0), to + stride, to + 5 * stride);
        Columns(Avx.UnpackLow(ab1, cd1), Avx.UnpackLow(ef1, gh1), to + 2 * stride, to + 6 * stride);
        Columns(Avx.UnpackHigh(ab1, cd1), Avx.UnpackHigh(ef1, gh1), to + 3 * stride, to + 7 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(Vector256<double> upper, Vector256<double> lower, float* first, float* fifth)
    {
        Avx.Permute2x128(upper, lower, 0x20).AsSingle().Store(first);
        Avx.Permute2x128(upper, lower, 0x31).AsSingle().Store(fifth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Row(int* rows, long stride, int row, int last) => Vector256.Load((float*)((byte*)rows + stride * Math.Min(row, last)));
}
