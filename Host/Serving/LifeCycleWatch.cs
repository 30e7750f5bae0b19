using Tessera.Host.Models;

namespace Tessera.Host.Serving;

/// <summary>Looks after the engines from time to time: steps that do not come back are found here.</summary>
internal sealed class LifeCycleWatch : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    private readonly ModelRegistry _models;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;

    public LifeCycleWatch(ModelRegistry models)
    {
        _models = models;
        _watching = Task.Run(WatchAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        using PeriodicTimer timer = new(Poll);
        try
        {
            while (await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false))
                foreach (ServedModel model in _models.Models)
                    model.Watch();
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }
}
