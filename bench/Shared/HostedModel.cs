using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Host.Compute;
using Tessera.Host.Configuration;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Bench;

/// <summary>A model opened as the host opens it: its configuration, its packages in their load contexts, its team.</summary>
internal sealed class HostedModel : IAsyncDisposable
{
    private readonly HostConfiguration _configuration;
    private readonly PluginHost _plugins;
    private readonly WorkTeam _team;
    private readonly string _path;

    /// <summary>Opens a model.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="threads">Compute threads; null: as configured.</param>
    /// <param name="option">A plugin's option that is set, or null.</param>
    public HostedModel(string path, int? threads = null, (string Id, string Name, string Value)? option = null)
    {
        // A benchmark's folder ends with the configuration and the framework, as the host's does.
        DirectoryInfo framework = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string host = Path.GetFullPath(Path.Combine(framework.FullName, "../../../../../Host/bin", framework.Parent!.Name, framework.Name));
        _path = path;
        _configuration = new ConfigurationLoader { WorkingFolder = host, ExecutableFolder = host, RequireModelFiles = false }.Load();
        if (option is var (id, name, value))
            _configuration = _configuration with { Plugins = _configuration.Plugins with { Options = new Dictionary<string, IReadOnlyList<PluginOption>> { [id] = [new(name, false, new(name, ConfigurationPlace.Whole("bench"), value, value, IsText: true))] } } };
        _plugins = PluginHost.Load(_configuration.Plugins, TrustedFiles.Read(host), NullLoggerFactory.Instance);
        _team = WorkTeam.Create(threads ?? _configuration.Engine.Threads, threads is null ? _configuration.Engine.Affinity : null);
        Open = OpenModel.Open(path, _plugins, _configuration.Files.Mmap);
        _ = CompositionBuilder.Prefault(Open);
    }

    /// <summary>The open model.</summary>
    public OpenModel Open { get; }

    /// <summary>Opens the model's files once more, with the plugins that are loaded.</summary>
    public OpenModel OpenAgain() => OpenModel.Open(_path, _plugins, _configuration.Files.Mmap);

    /// <summary>The team's threads.</summary>
    public int Threads => _team.LaneCount;

    /// <summary>Builds a runtime, which must be disposed first.</summary>
    /// <param name="activations">The path.</param>
    /// <param name="context">The longest sequence.</param>
    /// <param name="kv">The KV cache's type; null: as configured, and float32 on the reference path.</param>
    public BuiltRuntime Build(ActivationPrecision activations, int context, KvType? kv = null)
    {
        ModelConfiguration entry = new() { Name = Path.GetFileName(_path), Path = _path, Activations = activations, Context = context };
        CompositionBuilder builder = new(_configuration, _plugins, _team, new SharedBudget(long.MaxValue), NullLoggerFactory.Instance);
        RuntimeLimits limits = builder.Limits(Open, entry, maxDraft: 0);
        return builder.BuildRuntime(Open, entry, limits with { KvType = kv ?? limits.KvType });
    }

    /// <summary>A composition of the model, as requests are served; opens its files anew.</summary>
    /// <param name="decoding">A plugin that drafts; null: plain decoding.</param>
    /// <param name="context">The longest sequence.</param>
    public Engine.Composition Compose(string? decoding, int context) =>
        new CompositionBuilder(_configuration, _plugins, _team, new SharedBudget(long.MaxValue), NullLoggerFactory.Instance)
            .Build(new ModelConfiguration { Name = Path.GetFileName(_path), Path = _path, Context = context, Decoding = decoding ?? ModelConfiguration.PlainDecoding });

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Open.Dispose();
        _team.Dispose();
        await _plugins.DisposeAsync();
    }
}
