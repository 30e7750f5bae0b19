namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>Sizes of <see cref="EightRows{TEight, TFew}"/>.</summary>
internal static class EightRows
{
    /// <summary>Weight rows that are multiplied together.</summary>
    public const int Rows = 8;

    /// <summary>The most activation rows at once: their sums stay in the first-level cache.</summary>
    public const int Most = 32;
}

/// <summary>
/// Products with several activation rows, eight weight rows at a time. Their weights are unpacked once and turned, so that a vector holds the same four columns of all eight: an activation row's four columns,
/// broadcast, then meet eight weight rows in one instruction, products of one weight row stay in one place, and nothing is summed across a vector, whatever the number of activation rows is.
/// </summary>
internal static unsafe class EightRows<TEight, TFew>
    where TEight : struct, IEightRows
    where TFew : struct, IRowTile
{
    /// <summary>Any number of activation rows, in parts that are as even as can be.</summary>
    public static void DotRows(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        if (count < TEight.Least)
            RowTiles<TFew>.DotRows(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
        else
            DotTogether(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
    }

    /// <summary>The same, eight weight rows at a time where there are as many, whatever the number of activation rows is.</summary>
    public static void DotTogether(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        if (rowCount < EightRows.Rows)
        {
            RowTiles<TFew>.DotRows(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
            return;
        }
        for (int parts = (count + EightRows.Most - 1) / EightRows.Most; parts > 0; parts--)
        {
            int now = (count + parts - 1) / parts;
            for (int row = 0; row < rowCount; row += EightRows.Rows)
            {
                // The last eight may begin among those before, and give the same bits again.
                int first = Math.Min(row, rowCount - EightRows.Rows);
                TEight.Multiply(weights + first * rowBytes, rowBytes, columns, activations, stride, now, output + first, outputStride);
            }
            count -= now;
            activations += now * stride;
            output += now * outputStride;
        }
    }
}
