using System.Globalization;

namespace Tessera.Host.Cli;

/// <summary>A bar that says how far a file has been written: one line of a terminal, written over and over; silent where there is none.</summary>
/// <param name="file">The file's name.</param>
/// <param name="terminal">The terminal, or null.</param>
/// <param name="columns">Characters of a line of it; longer text is cut.</param>
/// <param name="time">Tells the rate, and when to say it again.</param>
internal sealed class WriteBar(string file, TextWriter? terminal, int columns, TimeProvider time) : IDisposable
{
    private const int Width = 30, UsualColumns = 80;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly long _start = time.GetTimestamp();
    private long _last;
    private bool _written;

    /// <summary>A bar on standard error.</summary>
    public static WriteBar OnStandardError(string file) => new(file, Console.IsErrorRedirected ? null : Console.Error, Columns(), TimeProvider.System);

    /// <summary>Says it: at most ten times a second, and at the end.</summary>
    public void Report(string tensor, long done, long total)
    {
        if (terminal is null || (done < total && _written && time.GetElapsedTime(_last) < Pause))
            return;
        (_last, _written) = (time.GetTimestamp(), true);
        double part = total == 0 ? 1 : (double)done / total, rate = done / Math.Max(1e-3, time.GetElapsedTime(_start).TotalSeconds);
        int filled = (int)(part * Width);
        string line = string.Create(CultureInfo.InvariantCulture, $"{file} [{new string('#', filled)}{new string('.', Width - filled)}] {(int)(part * 100),3} % of {total / 1e6:F0} MB, {rate / 1e6:F0} MB/s  {tensor}");
        // The last column stays free: some terminals go to the next line there. A shorter line covers the longer one before.
        int room = Math.Max(1, columns - 1);
        terminal.Write('\r' + (line.Length > room ? line[..room] : line.PadRight(room)));
    }

    public void Dispose()
    {
        if (_written)
            terminal?.WriteLine();
    }

    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : UsualColumns;
        }
        catch (Exception e) when (e is IOException or PlatformNotSupportedException)
        {
            return UsualColumns;
        }
    }
}
