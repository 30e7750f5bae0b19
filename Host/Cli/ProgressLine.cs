namespace Tessera.Host.Cli;

/// <summary>One line on standard error that says how far a large file has been read; silent where standard error is no terminal, and for what is quick.</summary>
internal sealed class ProgressLine : IDisposable
{
    private const long WorthSaying = 256L << 20;
    private bool _written;
    private int _percent = -1;

    /// <summary>Says it.</summary>
    public void Report(string file, long done, long total)
    {
        if (Console.IsErrorRedirected || total < WorthSaying)
            return;
        int percent = (int)(done * 100 / total);
        if (percent == _percent)
            return;
        (_percent, _written) = (percent, true);
        Console.Error.Write($"\rreading {file}: {percent} % of {total / 1e9:F1} GB");
    }

    public void Dispose()
    {
        if (_written)
            Console.Error.WriteLine();
    }
}
