using Tessera.Engine;
using Tessera.Engine.Sampling;

namespace Tessera.Host.Models;

/// <summary>A request's hold on the engine that answers it. While it lasts the engine is not drained, whatever is swapped.</summary>
public sealed class EngineLease : IDisposable
{
    private EngineGeneration? _generation;

    internal EngineLease(EngineGeneration generation) => (_generation, Engine, Sampling) = (generation, generation.Engine, generation.Sampling);

    /// <summary>The engine.</summary>
    public ModelEngine Engine { get; }

    /// <summary>The composition that it runs.</summary>
    public Composition Composition => Engine.Composition;

    /// <summary>What a request gets that says nothing about sampling.</summary>
    public SamplingOptions Sampling { get; }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _generation, null)?.Release();
}
