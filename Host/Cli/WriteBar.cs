using System.Diagnostics;

namespace Tessera.Host.Cli;

/// <summary>A bar on standard error that says how far a file has been written; silent where standard error is no terminal.</summary>
internal sealed class WriteBar(string file) : IDisposable
{
    private const int Width = 30;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly long _start = Stopwatch.GetTimestamp();
    private long _last;
    private bool _written;

    /// <summary>Says it.</summary>
    public void Report(string tensor, long done, long total)
    {
        if (Console.IsErrorRedirected || (done < total && _written && Stopwatch.GetElapsedTime(_last) < Pause))
            return;
        (_last, _written) = (Stopwatch.GetTimestamp(), true);
        int filled = total == 0 ? Width : (int)(done * Width / total);
        double rate = done / Math.Max(1e-3, Stopwatch.GetElapsedTime(_start).TotalSeconds);
        Console.Error.Write($"\r{file} [{new string('#', filled)}{new string('.', Width - filled)}] {(total == 0 ? 100 : done * 100 / total),3} % of {total / 1e6:F0} MB, {rate / 1e6:F0} MB/s  {tensor,-36}");
    }

    public void Dispose()
    {
        if (_written)
            Console.Error.WriteLine();
    }
}
