using Tessera.Host.Configuration;
using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>A model's turn to load, and the composition that was built in it, if one was; it answers nothing until it is committed, and ends where it never is.</summary>
internal sealed class PreparedEngine(ServedModel model, ModelConfiguration configuration, EngineGeneration? generation, Action<EngineGeneration> abandon, Action release) : IDisposable
{
    private EngineGeneration? _generation = generation;
    private Action? _release = release;

    public ServedModel Model => model;

    public ModelConfiguration Configuration => configuration;

    /// <summary>Whether there is a composition to commit.</summary>
    public bool HasEngine => _generation is not null;

    /// <summary>Lets it answer from now on.</summary>
    /// <param name="drain">How long the old one may go on with what it runs; null: to the end.</param>
    /// <param name="trial">Plugins whose probation begins with it, beside those that are on probation already.</param>
    public void Commit(TimeSpan? drain, IReadOnlyList<PluginGeneration>? trial = null)
    {
        EngineGeneration next = Interlocked.Exchange(ref _generation, null) ?? throw new InvalidOperationException("it was committed already");
        next.Engine.IsOnTrial = trial?.Any(next.Uses) == true || model.IsOnTrial(next);
        model.Commit(next, configuration, drain);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _generation, null) is { } unused)
            abandon(unused);
        Interlocked.Exchange(ref _release, null)?.Invoke();
    }
}
