using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Training;

/// <summary>The nearest orthogonal matrix, roughly: five steps of X ← aX + (bA + cA²)X with A = XXᵀ.</summary>
internal sealed unsafe class NewtonSchulz : IDisposable
{
    private const float A = 3.4445f, B = -4.7750f, C = 2.0315f;
    private const int Steps = 5;

    private readonly Gemm _gemm = new();
    private NativeBuffer _x = new(64), _y = new(64), _gram = new(64), _square = new(64);

    /// <summary>Memory for the matrix.</summary>
    public float* Input(long count)
    {
        Grow(ref _x, count);
        Grow(ref _y, count);
        return _x.Data;
    }

    public float* Orthogonal(int rows, int columns)
    {
        long count = (long)rows * columns;
        // The smaller side's Gram matrix: a tall one is seen from its columns.
        bool tall = rows > columns;
        int side = Math.Min(rows, columns);
        Grow(ref _gram, (long)side * side);
        Grow(ref _square, (long)side * side);
        double norm = Math.Sqrt(Rows.Dot(_x.Data, _x.Data, (int)count)) + 1e-12;
        Rows.Scale((float)(1 / norm), _x.Data, count);
        for (int step = 0; step < Steps; step++)
        {
            Matrix x = new(_x.Data, rows, columns), y = new(_y.Data, rows, columns), gram = new(_gram.Data, side, side), square = new(_square.Data, side, side);
            _gemm.Multiply(tall ? x.T : x, tall ? x : x.T, gram);
            _gemm.Multiply(gram, gram, square);
            Rows.Blend(C, _square.Data, B, _gram.Data, (long)side * side);
            if (tall)
                _gemm.Multiply(x, gram, y);
            else
                _gemm.Multiply(gram, x, y);
            Rows.AddScaled(A, _x.Data, _y.Data, count);
            (_x, _y) = (_y, _x);
        }
        return _x.Data;
    }

    public void Dispose()
    {
        _gemm.Dispose();
        _x.Dispose();
        _y.Dispose();
        _gram.Dispose();
        _square.Dispose();
    }

    private static void Grow(ref NativeBuffer buffer, long count)
    {
        if (buffer.Count >= count)
            return;
        buffer.Dispose();
        buffer = new NativeBuffer(count);
    }
}
