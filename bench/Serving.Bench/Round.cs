namespace Tessera.Serving.Bench;

/// <summary>The same steps without a server.</summary>
/// <param name="Rate">Tokens per second.</param>
/// <param name="Computing">Seconds of a step in which the runtime computes.</param>
/// <param name="Drawing">Seconds of a step in which its tokens are drawn.</param>
internal sealed record Plain(double Rate, double Computing, double Drawing);

/// <summary>A round, and what part of a step's time on all of the machine's threads its parts are.</summary>
internal sealed record Round(Served Served, Plain Alone, int Threads)
{
    /// <summary>A step's seconds.</summary>
    private double Step => Served.Steps.Seconds / Served.Steps.Steps;

    /// <summary>Drawing tokens, as long as it takes alone. All threads wait for it.</summary>
    public double Drawing => Alone.Drawing / Step;

    /// <summary>What else the thread that steps does on a processor while nothing is computed. All threads wait for it.</summary>
    public double Scheduler => Served.Steps.Scheduling / Served.Steps.Seconds - Drawing;

    /// <summary>The same by the clock: with the time in which another thread has its processor, which is in <see cref="Delivery"/> too.</summary>
    public double SchedulerByClock => 1 - Served.Steps.Computing / Served.Steps.Seconds - Drawing;

    /// <summary>What the server's other threads take of the processors.</summary>
    public double Delivery => Served.Delivery * Served.Rate / Threads;

    /// <summary>What the runtime's compiler takes of them.</summary>
    public double Compiler => Served.Compiler * Served.Rate / Threads;

    /// <summary>What the client takes of them.</summary>
    public double Client => Served.Client * Served.Rate / Threads;
}
