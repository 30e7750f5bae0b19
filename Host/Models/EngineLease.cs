using Tessera.Engine;
using Tessera.Engine.Sampling;

namespace Tessera.Host.Models;

/// <summary>A hold on the engine that answers a request. While it lasts the engine and its plugins are there, whatever is swapped. Used by one task at a time, but for <see cref="Dispose"/>.</summary>
public sealed class EngineLease : IDisposable
{
    private EngineGeneration? _generation;
    private EngineLease? _next;
    private readonly TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal EngineLease(EngineGeneration generation) => (_generation, Engine, Sampling) = (generation, generation.Engine, generation.Sampling);

    /// <summary>The engine.</summary>
    public ModelEngine Engine { get; }

    /// <summary>The composition that it runs.</summary>
    public Composition Composition => Engine.Composition;

    /// <summary>What a request gets that says nothing about sampling.</summary>
    public SamplingOptions Sampling { get; }

    internal EngineGeneration Generation => Volatile.Read(ref _generation) ?? throw new ObjectDisposedException(nameof(EngineLease));

    /// <summary>Completes when what runs on the engine has gone to another one; see <see cref="TryFollow"/>.</summary>
    internal Task Moved => _moved.Task;

    /// <summary>Another hold on the same engine.</summary>
    internal EngineLease Share() => Generation.Another();

    /// <summary>Where what runs on the engine has gone to another one: lets this one go.</summary>
    /// <returns>The hold on the other; null: it is all still here.</returns>
    internal EngineLease? TryFollow()
    {
        EngineLease? next = Interlocked.Exchange(ref _next, null);
        if (next is not null)
            Dispose();
        return next;
    }

    /// <summary>The hold that takes this one's place; given under the generation's lock, while this one is held.</summary>
    internal void SetNext(EngineLease next)
    {
        Volatile.Write(ref _next, next);
        _moved.TrySetResult();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _generation, null) is not { } generation)
            return;
        generation.Release(this);
        Interlocked.Exchange(ref _next, null)?.Dispose();
    }
}
