namespace Tessera.Kernels.Bench;

/// <summary>Seconds of the thread's processor time of many repeats: what neighbours take does not count.</summary>
internal readonly record struct Timing(double Best, double Median)
{
    private const int Repeats = 15;

    /// <summary>Runs once to warm up, then measures each repeat.</summary>
    public static Timing Measure(Action action, int repeats = Repeats)
    {
        action();
        double[] seconds = new double[repeats];
        for (int i = 0; i < repeats; i++)
        {
            double start = Machine.ThreadSeconds();
            action();
            seconds[i] = Machine.ThreadSeconds() - start;
        }
        Array.Sort(seconds);
        return new Timing(seconds[0], seconds[repeats / 2]);
    }

    /// <summary>Billions per second, best and median.</summary>
    public string Rate(double amount) => $"{amount / Best / 1e9,6:F1} {amount / Median / 1e9,6:F1}";
}
