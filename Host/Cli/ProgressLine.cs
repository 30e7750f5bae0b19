namespace Tessera.Host.Cli;

/// <summary>One line on standard error that says how far a large file has been read; silent where standard error is no terminal, for what is quick, and once it is disposed of, as reading may go on in the background.</summary>
internal sealed class ProgressLine : IDisposable
{
    private const long WorthSaying = 256L << 20;
    private readonly Lock _lock = new();
    private bool _begun, _ended;
    private int _percent = -1;

    /// <summary>Says it.</summary>
    public void Report(string file, long done, long total)
    {
        if (Console.IsErrorRedirected || total < WorthSaying)
            return;
        int percent = (int)(done * 100 / total);
        lock (_lock)
        {
            if (_ended || percent == _percent)
                return;
            (_percent, _begun) = (percent, done < total);
            Console.Error.Write($"\rreading {file}: {percent} % of {total / 1e9:F1} GB{(done < total ? "" : Environment.NewLine)}");
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_begun)
                Console.Error.WriteLine();
            (_begun, _ended) = (false, true);
        }
    }
}
