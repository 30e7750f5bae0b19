using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Engine;
using Tessera.Engine.Evaluation;
using Tessera.Host.Compute;
using Tessera.Host.Configuration;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Acceptance.Tests.Stack;

/// <summary>What <c>tessera</c> makes of its shipped configuration: the plugins' packages in load contexts of their own, the work team, and compositions over them.</summary>
internal sealed class HostStack : IAsyncDisposable
{
    public const long KvBytes = 1L << 30;

    /// <param name="lanes">Threads; null: as configured.</param>
    /// <param name="environment">Variables that change the configuration.</param>
    public HostStack(int? lanes = null, params (string Name, string Value)[] environment)
    {
        Configuration = new ConfigurationLoader { WorkingFolder = HostFolder.Path, ExecutableFolder = HostFolder.Path, Environment = environment.ToDictionary(e => e.Name, e => e.Value), RequireModelFiles = false }.Load();
        Assert.True(Configuration.Engine.BatchInvariant, "the shipped configuration does not set engine.batchInvariant");
        Plugins = PluginHost.Load(Configuration.Plugins, TrustedFiles.Read(HostFolder.Path), NullLoggerFactory.Instance);
        Team = WorkTeam.Create(lanes);
    }

    public HostConfiguration Configuration { get; }

    public PluginHost Plugins { get; }

    public WorkTeam Team { get; }

    public CompositionBuilder Builder(IMemoryBudget? kv = null, Func<EngineConfiguration, EngineConfiguration>? engine = null) =>
        new(Configuration with { Engine = engine?.Invoke(Configuration.Engine) ?? Configuration.Engine }, Plugins, Team, kv ?? new SharedBudget(KvBytes), NullLoggerFactory.Instance);

    /// <summary>A model as requests are served, or on the reference path.</summary>
    public Composition Build(string path, ActivationPrecision activations, int? context = null, IMemoryBudget? kv = null) =>
        Builder(kv).Build(Entry(path, activations, context));

    /// <summary>Log-probabilities of each token but the first, given all before it.</summary>
    public double[] LogProbabilities(string path, ActivationPrecision activations, int[] ids)
    {
        using Composition composition = Build(path, activations, ids.Length);
        using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits);
        double[] found = new double[ids.Length - 1];
        evaluator.Evaluate(ids, [.. Enumerable.Range(0, found.Length)], (position, logits) => found[position] = LogProbability.Of(logits, ids[position + 1]));
        return found;
    }

    public static ModelConfiguration Entry(string path, ActivationPrecision activations, int? context = null) =>
        new() { Name = Path.GetFileNameWithoutExtension(path), Path = path, Activations = activations, Context = context };

    public async ValueTask DisposeAsync()
    {
        Team.Dispose();
        await Plugins.DisposeAsync();
    }
}
