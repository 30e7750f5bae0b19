using Prometheus;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Host.Api;

/// <summary>Counts what happens to compositions and plugins.</summary>
internal sealed class LifeCycleMetrics : ILifeCycleObserver
{
    private static readonly double[] DrainBuckets = [.1, .5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600];

    private readonly Gauge _generations, _leases, _draining;
    private readonly Counter _switches, _leaks, _faults, _migrated, _reloads;
    private readonly Histogram _drain;

    public LifeCycleMetrics(MetricFactory factory)
    {
        _generations = factory.CreateGauge("tessera_plugin_generations", "Loaded generations of plugins.", "plugin", "state");
        _leases = factory.CreateGauge("tessera_plugin_leases", "Compositions that use a plugin's generations.", "plugin");
        _switches = factory.CreateCounter("tessera_plugin_switches_total", "Switches of plugins by result: active, refused, proven, rolled_back.", "plugin", "result");
        _drain = factory.CreateHistogram("tessera_plugin_drain_seconds", "From the retirement of a generation until it was unloaded.", new HistogramConfiguration { Buckets = DrainBuckets });
        _leaks = factory.CreateCounter("tessera_plugin_leaks_total", "Generations that were unloaded and did not die.", "plugin");
        _faults = factory.CreateCounter("tessera_engine_faults_total", "Engines that failed or hung.", "model");
        _migrated = factory.CreateCounter("tessera_sequences_migrated_total", "Sequences that were begun with one composition and computed again with another.", "model");
        _draining = factory.CreateGauge("tessera_compositions_draining", "Replaced compositions that still answer.", "model");
        _reloads = factory.CreateCounter("tessera_configuration_reloads_total", "Changes of host.yaml while serving: applied, refused.", "result");
    }

    public void Faulted(string model) => _faults.WithLabels(model).Inc();

    public void Migrated(string model, int sequences) => _migrated.WithLabels(model).Inc(sequences);

    public void Switched(string plugin, string result) => _switches.WithLabels(plugin, result).Inc();

    public void Drained(string plugin, TimeSpan elapsed) => _drain.Observe(elapsed.TotalSeconds);

    public void Leaked(string plugin) => _leaks.WithLabels(plugin).Inc();

    public void Reloaded(string result) => _reloads.WithLabels(result).Inc();

    /// <summary>Sets the gauges to what is there now.</summary>
    public void Look(PluginHost plugins, ModelRegistry models)
    {
        foreach (string[] labels in _generations.GetAllLabelValues())
            _generations.RemoveLabelled(labels);
        foreach (string[] labels in _leases.GetAllLabelValues())
            _leases.RemoveLabelled(labels);
        foreach (PluginGeneration generation in plugins.Generations.Concat(plugins.Retired))
        {
            _generations.WithLabels(generation.Id, generation.State.ToString().ToLowerInvariant()).Inc();
            _leases.WithLabels(generation.Id).Inc(generation.Leases);
        }
        foreach (ServedModel model in models.Models)
        {
            _draining.WithLabels(model.Name).Set(model.Draining);
            _migrated.WithLabels(model.Name).Inc(0);
            _faults.WithLabels(model.Name).Inc(0);
        }
    }
}
