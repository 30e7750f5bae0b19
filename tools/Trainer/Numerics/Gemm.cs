using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Trainer.Numerics;

/// <summary>A matrix as a pointer and its two strides; transposing swaps them.</summary>
internal readonly unsafe record struct Matrix(nint Address, int Rows, int Columns, int RowStride, int ColumnStride)
{
    public Matrix(float* data, int rows, int columns) : this((nint)data, rows, columns, columns, 1) { }

    public Matrix(float* data, int rows, int columns, int stride) : this((nint)data, rows, columns, stride, 1) { }

    public float* Data => (float*)Address;

    public Matrix T => new(Address, Columns, Rows, ColumnStride, RowStride);
}

/// <summary>C = A·B or C += A·B on one thread: panels are packed for the caches, then a tile of 6 × 16 stays in registers.</summary>
internal sealed unsafe class Gemm : IDisposable
{
    private const int TileRows = 6, TileColumns = 16, Depth = 256, BlockRows = 120, BlockColumns = 512;

    private readonly NativeBuffer _a = new(BlockRows * Depth + Panels.Slack), _b = new(BlockColumns * Depth + Panels.Slack), _edge = new(TileRows * TileColumns);

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _edge.Dispose();
    }

    public void Multiply(Matrix a, Matrix b, Matrix c, bool add = false)
    {
        if (a.Columns != b.Rows || a.Rows != c.Rows || b.Columns != c.Columns || c.ColumnStride != 1)
            throw new ArgumentException($"cannot multiply {a} by {b} into {c}");
        for (int j = 0; j < c.Columns; j += BlockColumns)
        {
            int columns = Math.Min(BlockColumns, c.Columns - j);
            for (int p = 0; p < a.Columns; p += Depth)
            {
                int depth = Math.Min(Depth, a.Columns - p);
                // B's panels are A's of the transpose.
                Panels.Pack(b.Data + (long)p * b.RowStride + (long)j * b.ColumnStride, columns, depth, b.ColumnStride, b.RowStride, TileColumns, _b.Data);
                for (int i = 0; i < c.Rows; i += BlockRows)
                {
                    int rows = Math.Min(BlockRows, c.Rows - i);
                    Panels.Pack(a.Data + (long)i * a.RowStride + (long)p * a.ColumnStride, rows, depth, a.RowStride, a.ColumnStride, TileRows, _a.Data);
                    Block(rows, columns, depth, c.Data + (long)i * c.RowStride + j, c.RowStride, add || p > 0);
                }
            }
        }
    }

    private void Block(int rows, int columns, int depth, float* c, int stride, bool add)
    {
        for (int j = 0; j < columns; j += TileColumns)
            for (int i = 0; i < rows; i += TileRows)
            {
                float* a = _a.Data + (long)i * depth, b = _b.Data + (long)j * depth;
                float* to = c + (long)i * stride + j;
                int height = Math.Min(TileRows, rows - i), width = Math.Min(TileColumns, columns - j);
                if (height == TileRows && width == TileColumns)
                {
                    Tile(a, b, depth, to, stride, add);
                    continue;
                }
                Tile(a, b, depth, _edge.Data, TileColumns, add: false);
                for (int r = 0; r < height; r++)
                    for (int s = 0; s < width; s++)
                        to[(long)r * stride + s] = (add ? to[(long)r * stride + s] : 0) + _edge.Data[r * TileColumns + s];
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(float* a, float* b, int depth, float* c, int stride, bool add)
    {
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default, c40 = default, c41 = default, c50 = default, c51 = default;
        for (int k = 0; k < depth; k++, a += TileRows, b += TileColumns)
        {
            Vector256<float> b0 = Vector256.Load(b), b1 = Vector256.Load(b + 8);
            Vector256<float> x = Vector256.Create(a[0]);
            c00 = Vector256.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector256.FusedMultiplyAdd(x, b1, c01);
            x = Vector256.Create(a[1]);
            c10 = Vector256.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector256.FusedMultiplyAdd(x, b1, c11);
            x = Vector256.Create(a[2]);
            c20 = Vector256.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector256.FusedMultiplyAdd(x, b1, c21);
            x = Vector256.Create(a[3]);
            c30 = Vector256.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector256.FusedMultiplyAdd(x, b1, c31);
            x = Vector256.Create(a[4]);
            c40 = Vector256.FusedMultiplyAdd(x, b0, c40);
            c41 = Vector256.FusedMultiplyAdd(x, b1, c41);
            x = Vector256.Create(a[5]);
            c50 = Vector256.FusedMultiplyAdd(x, b0, c50);
            c51 = Vector256.FusedMultiplyAdd(x, b1, c51);
        }
        Put(c00, c01, c, add);
        Put(c10, c11, c + stride, add);
        Put(c20, c21, c + 2L * stride, add);
        Put(c30, c31, c + 3L * stride, add);
        Put(c40, c41, c + 4L * stride, add);
        Put(c50, c51, c + 5L * stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector256<float> left, Vector256<float> right, float* to, bool add)
    {
        if (add)
        {
            left += Vector256.Load(to);
            right += Vector256.Load(to + 8);
        }
        left.Store(to);
        right.Store(to + 8);
    }
}
