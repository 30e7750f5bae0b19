using Tessera.Trainer.Numerics;

namespace Tessera.Trainer.Models;

/// <summary>Causal attention with grouped keys, inside each conversation of a row; a block of queries at a time, so that most of what the mask hides is not computed.</summary>
internal static unsafe class Attention
{
    public const int Block = 128;

    private const int Head = Shape.HeadSize;

    private static readonly float Scale = 1 / MathF.Sqrt(Head);

    /// <summary>Conversations begin at <paramref name="starts"/>, of which the first is 0.</summary>
    public static void Forward(Shape shape, LayerActivations l, Gemm gemm, int length, ReadOnlySpan<int> starts)
    {
        for (int s = 0; s < starts.Length; s++)
            for (int first = starts[s], end = End(starts, s, length); first < end; first += Block)
                for (int h = 0; h < shape.Heads; h++)
                {
                    int g = h / (shape.Heads / shape.KeyHeads), from = starts[s], rows = Math.Min(Block, end - first), seen = first + rows - from;
                    float* p = l.P.Data + ((long)h * length + first) * length;
                    Matrix scores = new(p, rows, seen, length);
                    Matrix k = new(l.K.Data + (long)from * shape.KeyWidth + g * Head, seen, Head, shape.KeyWidth), v = new(l.V.Data + (long)from * shape.KeyWidth + g * Head, seen, Head, shape.KeyWidth);
                    gemm.Multiply(new Matrix(l.Q.Data + (long)first * shape.QueryWidth + h * Head, rows, Head, shape.QueryWidth), k.T, scores);
                    for (int r = 0; r < rows; r++)
                    {
                        float* row = p + (long)r * length;
                        int own = first - from + r + 1;
                        Rows.SoftMax(row, own, Scale);
                        new Span<float>(row + own, seen - own).Clear();
                    }
                    gemm.Multiply(scores, v, new Matrix(l.O.Data + (long)first * shape.QueryWidth + h * Head, rows, Head, shape.QueryWidth));
                }
    }

    /// <summary>From DO to DQ, DK and DV.</summary>
    public static void Backward(Shape shape, LayerActivations l, Activations a, int length, ReadOnlySpan<int> starts)
    {
        a.DK.Span.Clear();
        a.DV.Span.Clear();
        for (int s = 0; s < starts.Length; s++)
            for (int first = starts[s], end = End(starts, s, length); first < end; first += Block)
                for (int h = 0; h < shape.Heads; h++)
                {
                    int g = h / (shape.Heads / shape.KeyHeads), from = starts[s], rows = Math.Min(Block, end - first), seen = first + rows - from;
                    long queries = (long)first * shape.QueryWidth + h * Head, keys = (long)from * shape.KeyWidth + g * Head;
                    float* p = l.P.Data + ((long)h * length + first) * length;
                    Matrix scores = new(p, rows, seen, length), back = new(a.DP.Data, rows, seen, length), output = new(a.DO.Data + queries, rows, Head, shape.QueryWidth);
                    a.Gemm.Multiply(scores.T, output, new Matrix(a.DV.Data + keys, seen, Head, shape.KeyWidth), add: true);
                    a.Gemm.Multiply(output, new Matrix(l.V.Data + keys, seen, Head, shape.KeyWidth).T, back);
                    for (int r = 0; r < rows; r++)
                        Rows.SoftMaxBack(p + (long)r * length, a.DP.Data + (long)r * length, seen, Scale);
                    a.Gemm.Multiply(back, new Matrix(l.K.Data + keys, seen, Head, shape.KeyWidth), new Matrix(a.DQ.Data + queries, rows, Head, shape.QueryWidth));
                    a.Gemm.Multiply(back.T, new Matrix(l.Q.Data + queries, rows, Head, shape.QueryWidth), new Matrix(a.DK.Data + keys, seen, Head, shape.KeyWidth), add: true);
                }
    }

    private static int End(ReadOnlySpan<int> starts, int s, int length) => s + 1 < starts.Length ? starts[s + 1] : length;
}
