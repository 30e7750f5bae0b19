using Tessera.Engine;

namespace Tessera.Host.Plugins;

/// <summary>Runs code of a plugin that may never come back, on a thread of its own.</summary>
internal static class Guarded
{
    /// <summary>Runs it.</summary>
    /// <param name="what">What is called, for the message.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="call">The call.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="late">Gets the result when it comes too late, or null.</param>
    /// <exception cref="PluginStuckException">It has not come back in time; it is left to itself.</exception>
    /// <exception cref="TesseraException">It failed; no exception object of the plugin gets out.</exception>
    public static async Task<T> RunAsync<T>(string what, TimeSpan patience, TimeProvider clock, Func<T> call, Action<T>? late = null)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = LastingThread.Run("call", $"tessera {what}", () => Run(call, done));
        using CancellationTokenSource over = new();
        if (await Task.WhenAny(done.Task, Task.Delay(patience, clock, over.Token)).ConfigureAwait(false) != done.Task)
        {
            _ = done.Task.ContinueWith(result => late?.Invoke(result.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            _ = done.Task.ContinueWith(static result => result.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new PluginStuckException($"{what} has not come back for {patience.TotalSeconds:0} s (plugins.stuckSeconds); it is left alone, and stays loaded");
        }
        await over.CancelAsync().ConfigureAwait(false);
        return await done.Task.ConfigureAwait(false);
    }

    private static void Run<T>(Func<T> call, TaskCompletionSource<T> done)
    {
        TesseraException error;
        try
        {
            done.SetResult(call());
            return;
        }
        catch (Exception e)
        {
            error = new PluginException(Failure.Describe(e));
        }
        done.SetException(error);
    }
}

/// <summary>Code of a plugin does not come back.</summary>
internal sealed class PluginStuckException(string message) : TesseraException(message);
