using System.Diagnostics;

namespace Tessera.Conformance.SelfTest;

/// <summary>How fast a backend reads weights of a type while it multiplies them with one row.</summary>
public static class BandwidthSelfTest
{
    private const int Matrices = 4, WarmUp = 2, Rounds = 9;

    /// <summary>Measures it.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="type">The type, an <see cref="IQuantizer"/>.</param>
    /// <param name="bytes">About how many bytes of weights; more than caches hold.</param>
    /// <returns>Gigabytes a second, of the median step, and what the backend says of a matrix.</returns>
    /// <exception cref="TesseraException">The backend refuses the type, or fails.</exception>
    public static (double GigabytesPerSecond, string How) Measure(IKernelBackend backend, IQuantization type, long bytes)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(type);
        using BandwidthGraph graph = new(type, bytes, Matrices);
        using IModelRuntime runtime = graph.Build(backend);
        using Batch batch = new(graph.Limits, 0);
        batch.Add(0, 0, 0, 0, RowOutputs.Hidden);
        double[] seconds = new double[Rounds];
        for (int round = -WarmUp; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            runtime.Submit(batch);
            if (!runtime.Wait())
                throw new TesseraException("a step was given up, and nobody asked for that");
            if (round >= 0)
                seconds[round] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        string line = runtime.Explain().FirstOrDefault(l => l.StartsWith("matrix.0 ", StringComparison.Ordinal)) ?? "";
        return (graph.Bytes / seconds[Rounds / 2] / 1e9, line[(line.IndexOf(": ", StringComparison.Ordinal) + 1)..].Trim());
    }
}
