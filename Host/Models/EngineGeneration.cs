using Tessera.Engine;
using Tessera.Engine.Sampling;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>One engine of a model and the count of requests that hold it. Retired, it ends when the last one is back.</summary>
internal sealed class EngineGeneration(ModelEngine engine, SamplingOptions sampling, ILogger logger)
{
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _leases;
    private bool _retired;

    public ModelEngine Engine => engine;

    public SamplingOptions Sampling => sampling;

    /// <summary>A hold on the engine, or null once it is retired.</summary>
    public EngineLease? TryAcquire()
    {
        lock (_lock)
        {
            if (_retired)
                return null;
            _leases++;
            return new EngineLease(this);
        }
    }

    public void Release()
    {
        lock (_lock)
            if (--_leases == 0 && _retired)
                _idle.TrySetResult();
    }

    /// <summary>Gives no more leases, waits until those given are back and the engine is empty, and disposes it. Never throws.</summary>
    /// <param name="cancellation">Cuts short what still runs.</param>
    public async Task RetireAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            _retired = true;
            if (_leases == 0)
                _idle.TrySetResult();
        }
        try
        {
            // Now, not when the last lease is back: the engine that answers from here on shares the budget.
            engine.ReturnMemory();
            using (cancellation.Register(static idle => ((TaskCompletionSource)idle!).TrySetResult(), _idle))
                await _idle.Task.ConfigureAwait(false);
            await engine.DrainAsync(cancellation).ConfigureAwait(false);
            await engine.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.LogError("model '{Name}': ending its old engine failed: {Error}", engine.Composition.Name, Failure.Describe(e));
        }
    }
}
