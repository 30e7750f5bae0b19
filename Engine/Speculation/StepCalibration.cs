using Tessera.Engine.Blocks;

namespace Tessera.Engine.Speculation;

/// <summary>Measures, before requests come, what a step of one sequence takes by its rows: at some numbers of rows, the most useful first, as time allows.</summary>
internal static class StepCalibration
{
    /// <summary>Rows that a curve should reach for the batches that drafts come on top of, even where drafts are short.</summary>
    public const int LeastRows = 32;

    private const int Rounds = 3;

    /// <summary>Steps of more rows are less disturbed, and cost more to repeat: one round less.</summary>
    private const int ManyRows = 8;

    // 16 is a whole tile, 17 the first row of the next one.
    private static readonly int[] Points = [1, 4, 8, 2, 16, 3, 6, 12, 32, 24, 17, 5, 9];

    /// <summary>Rows of one sequence's beginning, computed and forgotten.</summary>
    /// <param name="runtime">The runtime.</param>
    /// <param name="pool">Its blocks.</param>
    /// <param name="batch">An empty batch.</param>
    /// <param name="table">A closed table.</param>
    /// <param name="most">The most rows.</param>
    /// <param name="patience">No more is measured when this has passed.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Milliseconds at 1, 2, … rows, as far as was measured; a number between two that were measured takes what the larger one does. Empty where there is no memory for them.</returns>
    public static double[] Measure(IModelRuntime runtime, BlockPool pool, Batch batch, BlockTable table, int most, TimeSpan patience, TimeProvider time)
    {
        double[] curve = new double[most];
        int[] points = [.. Points.Append(most).Distinct().Where(rows => rows <= most)];
        long start = time.GetTimestamp();
        pool.BeginStep();
        batch.Clear();
        pool.Open(table, [], null);
        try
        {
            if (!pool.TryExtend(table, 0, most, batch))
                return [];
            // The first is not counted: it meets cold caches and code that was never run.
            Once(1);
            for (int round = 0; round < Rounds; round++)
                foreach (int rows in points)
                    if (curve[0] == 0 || (time.GetElapsedTime(start) < patience && (rows <= ManyRows || round + 1 < Rounds)))
                        curve[rows - 1] = Math.Min(curve[rows - 1] == 0 ? double.MaxValue : curve[rows - 1], Once(rows));
        }
        finally
        {
            pool.Close(table);
            batch.Clear();
        }
        return Fill(curve);

        double Once(int rows)
        {
            batch.Clear();
            for (int row = 0; row < rows; row++)
                batch.Add(row, row, row, table.Slot, RowOutputs.Logits);
            long from = time.GetTimestamp();
            runtime.Submit(batch);
            runtime.Wait();
            return time.GetElapsedTime(from).TotalMilliseconds;
        }
    }

    private static double[] Fill(double[] curve)
    {
        int end = curve.AsSpan().LastIndexOfAnyExcept(0) + 1;
        for (int i = end - 2; i >= 0; i--)
            if (curve[i] == 0)
                curve[i] = curve[i + 1];
        return curve[..end];
    }
}
