namespace Tessera.Host.Conversion;

/// <summary>Rows of one matrix of one tensor, which one lane converts at once.</summary>
/// <param name="Tensor">The tensor's number in the plan.</param>
/// <param name="Matrix">The matrix's number in the tensor.</param>
/// <param name="Row">The first row.</param>
/// <param name="Rows">The number of rows.</param>
internal readonly record struct TensorChunk(int Tensor, long Matrix, long Row, int Rows)
{
    /// <summary>Values of a chunk, unless one row alone has more.</summary>
    private const int Values = 1 << 19;

    /// <summary>The chunks of all tensors, in the file's order.</summary>
    public static IEnumerable<TensorChunk> Of(IReadOnlyList<WrittenTensor> tensors)
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            long[] shape = tensors[i].Shape;
            long rows = shape.Length > 1 ? shape[^2] : 1, step = Math.Clamp(Values / shape[^1], 1, rows), matrices = 1;
            for (int d = 0; d < shape.Length - 2; d++)
                matrices *= shape[d];
            for (long matrix = 0; matrix < matrices; matrix++)
                for (long row = 0; row < rows; row += step)
                    yield return new TensorChunk(i, matrix, row, (int)Math.Min(step, rows - row));
        }
    }
}
