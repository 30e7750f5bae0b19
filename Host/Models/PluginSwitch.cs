using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Models;

/// <summary>
/// Puts another version of a plugin in use while models are served, one switch at a time: the package is verified, loaded beside the old one and tried; then every model that uses the old one gets a new composition. Requests that run
/// finish on their own, or at the drain deadline go on with the new one; where any step fails, everything is as it was before, and the package is quarantined. A version that is new is on probation first.
/// </summary>
internal sealed partial class PluginSwitch : IDisposable
{
    private readonly PluginHost _plugins;
    private readonly ModelRegistry _models;
    private readonly LiveConfiguration _configuration;
    private readonly ILogger<PluginSwitch> _logger;
    private readonly PluginSwap _swap;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Makes it, and lets failing models come back to it.</summary>
    public PluginSwitch(PluginHost plugins, ModelRegistry models, LiveConfiguration configuration, ILogger<PluginSwitch> logger)
    {
        (_plugins, _models, _configuration, _logger, _swap) = (plugins, models, configuration, logger, new PluginSwap(plugins, models));
        models.Services.RollBack = RollBackAsync;
        models.Services.IsOnTrial = IsOnTrial;
        plugins.Ended = (generation, elapsed, leaks) =>
        {
            Observer?.Drained(generation.Id, elapsed);
            if (leaks)
                Observer?.Leaked(generation.Id);
        };
    }

    /// <summary>The store.</summary>
    public PluginStore Store => _plugins.Locator.Store;

    private ILifeCycleObserver? Observer => _models.Services.Observer;

    private LifeCycleConfiguration LifeCycle => _configuration.Current.Plugins.LifeCycle;

    /// <summary>Takes a package into the store.</summary>
    /// <exception cref="PluginException">It is refused.</exception>
    public StoredPackage Install(string path) => _plugins.Locator.Install(path);

    /// <summary>Puts a package of the store in use.</summary>
    /// <returns>The models that have a new composition.</returns>
    /// <exception cref="TesseraException">It is refused or fails; what was active still is.</exception>
    public Task<IReadOnlyList<string>> ActivateAsync(string reference)
    {
        StoredPackage stored = Store.Find(reference);
        return InTurnAsync(() => SwitchAsync(stored.Id, stored.Version, () => _plugins.Locator.Stored(stored), r => r.Activate(stored.Version), isNew: true));
    }

    /// <summary>Puts what was active before in use again; while a version is on probation, the last-known-good one.</summary>
    /// <exception cref="TesseraException">There is nothing before, or it fails; what was active still is.</exception>
    public Task<IReadOnlyList<string>> RollBackAsync(string id) => InTurnAsync(() =>
    {
        if (Of(id) is { } probation)
            return AbandonAsync(probation, null);
        PluginRecord record = Store.Read().Of(id);
        if (record.Previous.Count == 0)
            throw new PluginException($"plugin '{id}': nothing was active before");
        StoredVersion? version = record.Previous[^1];
        return SwitchAsync(id, version, () => version is null ? _plugins.Locator.BundledOrNone(id) : _plugins.Locator.Stored(Store.At(id, version)), r => r.RollBack(), isNew: false);
    });

    /// <summary>Deletes a package that is not in use.</summary>
    /// <exception cref="PluginException">It is in use, or is not there.</exception>
    public Task RemoveAsync(string reference) => InTurnAsync<IReadOnlyList<string>>(() =>
    {
        StoredPackage stored = Store.Find(reference);
        if (_plugins.Generations.Concat(_plugins.Retired).Any(g => g.Package == stored.Package && g.State is not (GenerationState.Unloaded or GenerationState.Leaked)))
            throw new PluginException($"{stored} is in use");
        Store.Remove(stored);
        return Task.FromResult<IReadOnlyList<string>>([]);
    });

    /// <summary>Does something while no plugin is switched.</summary>
    public async Task<T> InTurnAsync<T>(Func<Task<T>> action)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            return await action().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Loads a package beside the others and tries it; nothing takes it yet.</summary>
    /// <param name="package">The package.</param>
    /// <param name="options">Its options.</param>
    /// <param name="replaces">What it is to replace, or null.</param>
    /// <param name="stage">Told where it is.</param>
    /// <exception cref="TesseraException">It cannot be loaded, fails or does not come back; it is retired, if it can be.</exception>
    public async Task<PluginGeneration> TryAsync(VerifiedPackage package, BoundOptions options, PluginGeneration? replaces, Action<GenerationState> stage)
    {
        PluginGeneration next = await _plugins.LoadAsync(package, options).ConfigureAwait(false);
        try
        {
            stage(GenerationState.Loaded);
            next.Advance(GenerationState.Canary);
            stage(GenerationState.Canary);
            double floor = LifeCycle.SpeedFloor;
            PluginGeneration[] beside = [.. _plugins.Generations.Where(g => g.Id != next.Id)];
            await Guarded.RunAsync($"plugin '{next.Id}' {next.Version}: the canary", LifeCycle.Stuck, _plugins.Clock, () => PluginCanary.Require(next, replaces, beside, floor, _logger)).ConfigureAwait(false);
            return next;
        }
        catch (TesseraException e)
        {
            if (e is PluginStuckException)
                next.MarkStuck();
            _ = _plugins.RetireAsync(next, TimeSpan.Zero);
            throw;
        }
    }

    /// <summary>How long what runs on a generation may go on.</summary>
    public TimeSpan DrainOf(PluginGeneration? old) => old?.DrainTime is { } own && own < LifeCycle.Drain ? own : LifeCycle.Drain;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Probation probation in All())
            if (probation.TryEnd())
                probation.Dispose();
        _turn.Dispose();
    }

    /// <summary>Writes down what has happened already: where that fails it is logged, and a host that is killed starts on what the journal says, which is good.</summary>
    private void Note(string id, Func<PluginRecord, PluginRecord> change)
    {
        try
        {
            Store.Update(id, change);
        }
        catch (PluginException e)
        {
            _logger.LogError("plugin '{Id}': the journal is not up to date: {Error}", id, e.Message);
        }
    }

    private async Task<IReadOnlyList<string>> SwitchAsync(string id, StoredVersion? version, Func<VerifiedPackage?> locate, Func<PluginRecord, PluginRecord> commit, bool isNew)
    {
        void Journal(GenerationState state) => Store.Update(id, r => r.Try(version, state));
        PluginGeneration? next = null;
        try
        {
            Journal(GenerationState.Staged);
            if (locate() is { } package)
            {
                Journal(GenerationState.Verified);
                _plugins.RequireUnique(package);
                next = await TryAsync(package, _plugins.Locator.Options(package.Manifest), _plugins.Generations.FirstOrDefault(g => g.Id == id), Journal).ConfigureAwait(false);
            }
            bool isTrial = isNew && next is not null && LifeCycle.Probation > TimeSpan.Zero;
            IReadOnlyList<string> swapped = await SwapAsync(id, next, drain: null, isTrial, () => Store.Update(id, isTrial ? r => r.Try(version, GenerationState.Active) : commit)).ConfigureAwait(false);
            Observer?.Switched(id, "active");
            return swapped;
        }
        catch (Exception e)
        {
            string reason = Failure.Describe(e);
            _logger.LogError("plugin '{Id}' {Version} is not put in use: {Reason}", id, version?.Version, reason);
            if (e is PluginStuckException)
                next?.MarkStuck();
            if (next is { State: GenerationState.Loaded or GenerationState.Canary or GenerationState.Stuck })
                _ = _plugins.RetireAsync(next, TimeSpan.Zero);
            Note(id, r => version is null ? r.Try(null) : r.Quarantine(version, reason));
            Observer?.Switched(id, "refused");
            throw new PluginException(reason);
        }
    }

    /// <summary>Gives every model that uses the plugin, and every model that has no composition, one with the new generation.</summary>
    /// <param name="id">The plugin.</param>
    /// <param name="next">The generation; null: the plugin is gone.</param>
    /// <param name="drain">How long old compositions may go on; null: as configured.</param>
    /// <param name="isTrial">Whether the generation is on probation.</param>
    /// <param name="journal">Writes down that it is about to be in use; where that fails, nothing has happened.</param>
    /// <param name="isLoss">Whether models that cannot do without the old generation are left to fail.</param>
    private async Task<IReadOnlyList<string>> SwapAsync(string id, PluginGeneration? next, TimeSpan? drain, bool isTrial, Action journal, bool isLoss = false)
    {
        PluginGeneration? old = _plugins.Generations.FirstOrDefault(g => g.Id == id);
        TimeSpan deadline = drain ?? DrainOf(old);
        SwapNeed Need(ServedModel model) => old is not null && model.Uses(old) ? (isLoss ? SwapNeed.Wanted : SwapNeed.Required)
            : !model.IsLive && model.State != ModelState.Loading ? SwapNeed.Wanted : SwapNeed.None;
        IReadOnlyList<(ServedModel Model, StepTimes? Times)> swapped = await _swap.RunAsync(_plugins.With(id, next), Need, deadline, isTrial ? [next!] : [], journal).ConfigureAwait(false);
        Probation? before = Take(id);
        if (isTrial)
            Begin(next!, old, before, swapped, r => r.Activate(next!.Stored), (r, problem) => problem is null ? r.Try(null) : r.Quarantine(next!.Stored, problem));
        if (old is not null)
            _ = _plugins.RetireAsync(old, deadline);
        before?.Dispose();
        string[] names = [.. swapped.Select(s => s.Model.Name)];
        _logger.LogInformation("plugin '{Id}': {New} is in use instead of {Old}; new compositions: {Models}", id, next?.Stored.ToString() ?? "nothing", old?.Stored.ToString() ?? "nothing", string.Join(", ", names.DefaultIfEmpty("none")));
        return names;
    }
}
