using Tessera.Engine;
using Tessera.Engine.Scheduling;
using Tessera.Host.Configuration;
using Tessera.Host.Files;

namespace Tessera.Host.Models;

/// <summary>What all models of a registry share.</summary>
internal sealed class ModelServices(CompositionBuilder builder, LiveConfiguration configuration, TimeProvider time, ILogger logger, Func<string, IEngineObserver?>? observer, FileProgress? progress)
{
    /// <summary>How long a model with a decoding strategy may take to measure its steps before it answers.</summary>
    private static readonly TimeSpan CalibrationTime = TimeSpan.FromSeconds(2);

    /// <summary>Builds with what is in force.</summary>
    public CompositionBuilder Builder => builder;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    /// <summary>How long a plugin may take for one step.</summary>
    public TimeSpan Stuck => configuration.Current.Plugins.LifeCycle.Stuck;

    /// <summary>Measures how long plugins take to build.</summary>
    public TimeProvider PluginClock { get; init; } = TimeProvider.System;

    /// <summary>Counts what happens.</summary>
    public ILifeCycleObserver? Observer { get; set; }

    /// <summary>Asked when a composition fails: gives the model its last-known-good one and says whether it did; null: there is never one.</summary>
    public Func<ServedModel, EngineGeneration, string, Task<bool>>? RollBack { get; set; }

    /// <summary>Whether a composition uses a plugin on probation; null: there is never one.</summary>
    public Func<EngineGeneration, bool>? IsOnTrial { get; set; }

    /// <summary>Builds a composition and starts its engine.</summary>
    /// <param name="from">Builds.</param>
    /// <param name="model">The model's entry.</param>
    /// <param name="files">Its files, where they are open already.</param>
    /// <param name="faulted">Told when the engine fails.</param>
    /// <exception cref="TesseraException">It cannot be built.</exception>
    public EngineGeneration Start(CompositionBuilder from, ModelConfiguration model, ModelFiles? files, Action<ModelEngine, string> faulted)
    {
        HostConfiguration current = from.Configuration;
        EngineOptions options = new()
        {
            MaxBatchTokens = current.Engine.MaxBatchTokens,
            MaxSequences = current.Engine.MaxSequences,
            StepMs = current.Engine.StepMs,
            TuneDrafts = current.Engine.TuneDrafts,
            MaxQueue = current.Server.MaxQueue,
            SlowReaderTimeout = current.Server.SlowReaderTimeout,
        };
        StepTimes times = new(observer?.Invoke(model.Name));
        Composition composition = from.Build(model, progress, files);
        try
        {
            ModelEngine engine = new(composition, options, time, times, faulted);
            engine.Calibrate(CalibrationTime);
            engine.Start();
            return new EngineGeneration(engine, ModelSampling.Defaults(composition.Source.Metadata.Sampling, model.Sampling), times, logger);
        }
        catch
        {
            composition.Dispose();
            throw;
        }
    }
}

/// <summary>Told what happens to compositions and plugins; quick, no exceptions.</summary>
internal interface ILifeCycleObserver
{
    /// <summary>A model's engine has failed or hangs.</summary>
    void Faulted(string model);

    /// <summary>Sequences went on with another composition.</summary>
    void Migrated(string model, int sequences);

    /// <summary>A switch of a plugin has ended: active, refused, proven, rolled_back.</summary>
    void Switched(string plugin, string result);

    /// <summary>A retired generation of a plugin was unloaded, so long after it was retired.</summary>
    void Drained(string plugin, TimeSpan elapsed);

    /// <summary>A generation of a plugin leaks.</summary>
    void Leaked(string plugin);

    /// <summary>The configuration's file was read again: applied, refused.</summary>
    void Reloaded(string result);
}
