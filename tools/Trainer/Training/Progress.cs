using System.Diagnostics;

namespace Tessera.Trainer.Training;

/// <summary>A bar with loss, speed and the time that is left; a line now and then where the output is no terminal.</summary>
internal sealed class Progress(string name, int from, int steps)
{
    private const int Width = 30;
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(30);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _last = TimeSpan.Zero;
    private double _loss = double.NaN;

    /// <summary>The loss, smoothed over about fifty steps.</summary>
    public double Loss => _loss;

    public void Report(int step, double loss, int tokensPerStep)
    {
        _loss = double.IsNaN(_loss) ? loss : _loss + 0.02 * (loss - _loss);
        if (step < steps && _clock.Elapsed - _last < (Console.IsOutputRedirected ? LineEvery : TimeSpan.FromSeconds(0.5)))
            return;
        _last = _clock.Elapsed;
        double seconds = _clock.Elapsed.TotalSeconds / (step - from);
        int filled = Width * step / steps;
        string line = $"{name} [{new string('#', filled)}{new string('-', Width - filled)}] {step}/{steps}  loss {_loss:F4}  {tokensPerStep / seconds:F0} tokens/s  {TimeSpan.FromSeconds(seconds * (steps - step)):h\\:mm\\:ss} left";
        if (Console.IsOutputRedirected)
            Console.WriteLine(line);
        else
            Console.Write($"\r{line} {(step == steps ? "\n" : "")}");
    }
}
