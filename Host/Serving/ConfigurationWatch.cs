using System.Security.Cryptography;

namespace Tessera.Host.Serving;

/// <summary>
/// Sees that a file has changed by reading it again and again: that finds what is written in place, renamed over it or behind a link, on every file system. A change counts once the content has stayed as it is for a while (see <see cref="SettledContent"/>); a file that is not there for a moment, as some editors have it, or empty, is none.
/// </summary>
internal sealed class ConfigurationWatch : IAsyncDisposable
{
    private const int PollsWhileSettling = 4;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);

    private readonly string _file;
    private readonly Func<Task> _changed;
    private readonly ILogger _logger;
    private readonly TimeSpan _settle;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;

    /// <summary>Begins to watch.</summary>
    /// <param name="file">The file; as it is now it counts as known.</param>
    /// <param name="changed">Called when it has changed, one call at a time; does not throw.</param>
    /// <param name="logger">Told what looks odd.</param>
    /// <param name="settle">How long a content must have stayed as it is to count; null: a second.</param>
    public ConfigurationWatch(string file, Func<Task> changed, ILogger logger, TimeSpan? settle = null)
    {
        (_file, _changed, _logger, _settle) = (file, changed, logger, settle ?? Settle);
        string? known = Read(out _);
        _watching = Task.Run(() => WatchAsync(known));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _over.Dispose();
    }

    private async Task WatchAsync(string? known)
    {
        SettledContent content = new(known, _settle);
        long start = TimeProvider.System.GetTimestamp();
        // Serving is not to notice: nothing is read more often than once in that time, but a content that is not what it was.
        using PeriodicTimer timer = new(_settle);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
            {
                string? now = Read(out bool isEmpty);
                bool changed = content.HasChanged(now, TimeProvider.System.GetElapsedTime(start));
                timer.Period = content.IsSettled ? _settle : _settle / PollsWhileSettling;
                if (!changed)
                    continue;
                if (isEmpty)
                    _logger.LogError("{File} is empty; what it said before stays in force", Path.GetFileName(_file));
                else
                    await _changed().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    /// <summary>The content's hash, or null where it cannot be read now.</summary>
    private string? Read(out bool isEmpty)
    {
        isEmpty = false;
        try
        {
            using FileStream stream = new(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            isEmpty = stream.Length == 0;
            return Convert.ToHexString(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
