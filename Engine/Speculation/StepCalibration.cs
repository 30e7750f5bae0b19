using Tessera.Engine.Blocks;

namespace Tessera.Engine.Speculation;

/// <summary>Measures, before requests come, what a step of one sequence takes at 1, 2, … rows.</summary>
internal static class StepCalibration
{
    private const int Rounds = 3;

    /// <summary>Rows of one sequence's beginning, computed and forgotten.</summary>
    /// <param name="runtime">The runtime.</param>
    /// <param name="pool">Its blocks.</param>
    /// <param name="batch">An empty batch.</param>
    /// <param name="table">A closed table.</param>
    /// <param name="most">The most rows.</param>
    /// <param name="patience">No more is measured when this has passed.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Milliseconds at 1 … <paramref name="most"/> rows; empty where there is no memory for them.</returns>
    public static double[] Measure(IModelRuntime runtime, BlockPool pool, Batch batch, BlockTable table, int most, TimeSpan patience, TimeProvider time)
    {
        double[] curve = new double[most];
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
            foreach (int rows in Order(most))
                for (int round = 0; round < Rounds && (curve[0] == 0 || time.GetElapsedTime(start) < patience); round++)
                    curve[rows - 1] = Math.Min(curve[rows - 1] == 0 ? double.MaxValue : curve[rows - 1], Once(rows));
        }
        finally
        {
            pool.Close(table);
            batch.Clear();
        }
        Interpolate(curve);
        return curve;

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

    /// <summary>The ends first: time may run out.</summary>
    private static IEnumerable<int> Order(int most) => new[] { 1, most, 2, (most + 1) / 2 }.Concat(Enumerable.Range(1, most)).Distinct();

    private static void Interpolate(double[] curve)
    {
        int last = 0;
        for (int i = 1; i < curve.Length; i++)
        {
            if (curve[i] == 0)
                continue;
            for (int between = last + 1; between < i; between++)
                curve[between] = curve[last] + (curve[i] - curve[last]) * (between - last) / (i - last);
            last = i;
        }
        for (int i = last + 1; i < curve.Length; i++)
            curve[i] = curve[last] * (1 + 0.1 * (i - last));
    }
}
