using Tessera.Host.Configuration;
using Tessera.Host.Models;
using Tessera.Host.Plugins;

namespace Tessera.Host.Serving;

/// <summary>Puts a changed configuration in force while models are served: it is validated whole, every plugin and composition that it takes is built beside the old ones, and then all of it counts, or nothing.</summary>
internal sealed class ConfigurationReload(Func<HostConfiguration> read, LiveConfiguration live, PluginHost plugins, PluginSwitch switches, ModelRegistry models, ILogger logger)
{
    /// <summary>Reads the file and puts it in force; what is wrong with it is logged, and nothing changes then.</summary>
    /// <returns>Whether it is in force.</returns>
    public Task<bool> ApplyAsync() => switches.InTurnAsync(async () =>
    {
        try
        {
            ConfigurationChange change = new(live.Current, read());
            await ApplyAsync(change).ConfigureAwait(false);
            foreach (string key in change.NeedRestart)
                logger.LogWarning("{File}: {Key} has changed; that counts from the next start on", Path.GetFileName(live.Current.File), key);
            models.Services.Observer?.Reloaded("applied");
            return true;
        }
        catch (TesseraException e)
        {
            logger.LogError("{File} is not put in force; everything is as it was: {Error}", Path.GetFileName(live.Current.File), e.Message);
            models.Services.Observer?.Reloaded("refused");
            return false;
        }
    });

    private async Task ApplyAsync(ConfigurationChange change)
    {
        HostConfiguration next = change.Next;
        List<PluginGeneration> fresh = [];
        List<ServedModel> created = [];
        List<PreparedEngine> prepared = [];
        IReadOnlyList<AnnouncedVersion> announced = [];
        bool committed = false;
        try
        {
            IReadOnlyList<PluginGeneration> set = await PluginsAsync(next, fresh).ConfigureAwait(false);
            CompositionBuilder builder = models.Services.Builder.With(next, set);
            List<ServedModel> all = [];
            foreach (ModelConfiguration entry in next.Models.List)
            {
                ServedModel? model = models.Find(entry.Name);
                if (model is null)
                    created.Add(model = models.Create(entry));
                all.Add(model);
                prepared.Add(await model.PrepareAsync(builder, entry, change.KeepsFiles, CancellationToken.None, () => Need(model, entry, change, set)).ConfigureAwait(false));
            }
            List<PluginGeneration> trial = next.Plugins.LifeCycle.Probation > TimeSpan.Zero ? fresh : [];
            announced = switches.Announce(trial);
            Commit(change, set, trial, announced, all, prepared);
            committed = true;
        }
        finally
        {
            prepared.ForEach(p => p.Dispose());
            if (!committed)
            {
                switches.Withdraw(announced);
                fresh.ForEach(g => _ = plugins.RetireAsync(g, TimeSpan.Zero));
                foreach (ServedModel model in created)
                    _ = CloseAsync(model);
            }
        }
    }

    /// <summary>The generations that the configuration wants: those that are loaded already where nothing about them has changed.</summary>
    private async Task<IReadOnlyList<PluginGeneration>> PluginsAsync(HostConfiguration next, List<PluginGeneration> fresh)
    {
        List<PluginGeneration> set = [];
        foreach ((VerifiedPackage package, BoundOptions options) in plugins.Verify(next.Plugins))
        {
            string id = package.Manifest.Id;
            PluginGeneration? now = plugins.Generations.FirstOrDefault(g => g.Id == id);
            // A version on probation is not in the journal yet; an edited file says nothing of versions.
            (VerifiedPackage own, BoundOptions ownOptions) = now is null || !switches.IsOnProbation(now) ? (package, options) : OnProbation(now, next);
            if (now is not null && now.Stored == own.Version && ConfigurationChange.IsSame(now.Options, ownOptions))
            {
                set.Add(now);
                continue;
            }
            PluginGeneration generation = await switches.TryAsync(own, ownOptions, now, _ => { }).ConfigureAwait(false);
            fresh.Add(generation);
            set.Add(generation);
        }
        // Nor of what was put in use over REST, in no list of plugins, and has not proved itself yet.
        foreach (PluginGeneration now in plugins.Generations.Where(g => switches.IsOnProbation(g) && !set.Exists(s => s.Id == g.Id) && !live.Current.Plugins.Load.Contains(g.Id)))
        {
            if (set.SelectMany(s => s.Provides).Intersect(now.Provides).FirstOrDefault(ProvidedContracts.IsUnique) is { } twice)
                throw new PluginException($"plugin '{now.Id}' provides {twice.Kind} '{twice.Name}' already; roll it back first");
            set.Add(now);
        }
        return set;
    }

    private (VerifiedPackage, BoundOptions) OnProbation(PluginGeneration now, HostConfiguration next)
    {
        VerifiedPackage package = plugins.Verify(now.Package, next.Plugins);
        return (package, PluginHost.Options(package.Manifest, next.Plugins));
    }

    private static SwapNeed Need(ServedModel model, ModelConfiguration entry, ConfigurationChange change, IReadOnlyList<PluginGeneration> set)
    {
        if (model.Generation == 0 && model.State == ModelState.Loading)
            return SwapNeed.Required;
        bool isOther = change.IsForAllModels || !ConfigurationChange.IsSame(model.Configuration, entry) || (model.Current?.Open is { } open && !open.Leases.IsWithin(set));
        // A model that had no composition before may stay without one; its entry may be what is to be mended, though.
        return isOther && (model.IsLive || !ConfigurationChange.IsSame(model.Configuration, entry)) ? SwapNeed.Required : model.IsLive ? SwapNeed.None : SwapNeed.Wanted;
    }

    private void Commit(ConfigurationChange change, IReadOnlyList<PluginGeneration> set, List<PluginGeneration> trial, IReadOnlyList<AnnouncedVersion> announced, List<ServedModel> all, List<PreparedEngine> prepared)
    {
        HostConfiguration next = change.Next;
        // The steps of an engine with other settings, or of another model, tell nothing about a plugin.
        HashSet<ServedModel> alike = change.IsForAllModels ? [] : [.. prepared.Where(p => ConfigurationChange.IsSame(p.Model.Configuration, p.Configuration)).Select(p => p.Model)];
        PluginGeneration[] gone = [.. plugins.Generations.Except(set)];
        ServedModel[] closed = [.. models.Models.Except(all)];
        live.Current = next;
        plugins.Use(next.Plugins);
        plugins.Set(set);
        models.Set(next.Models.Default, all);
        IReadOnlyList<(ServedModel Model, StepTimes? Times)> swapped = PluginSwap.Commit(prepared, next.Plugins.LifeCycle.Drain, trial);
        foreach (ServedModel model in closed)
            _ = CloseAsync(model);
        switches.Replaced(gone, trial, announced, [.. swapped.Select(s => (s.Model, alike.Contains(s.Model) ? s.Times : null))]);
        logger.LogInformation("{File} is in force: plugins {Plugins}; new compositions: {Models}; no more: {Closed}", Path.GetFileName(next.File), string.Join(", ", set.Select(g => $"{g.Id} {g.Version}")),
            string.Join(", ", swapped.Select(s => s.Model.Name).DefaultIfEmpty("none")), string.Join(", ", closed.Select(m => m.Name).DefaultIfEmpty("none")));
    }

    private async Task CloseAsync(ServedModel model)
    {
        using CancellationTokenSource deadline = new(live.Current.Plugins.LifeCycle.Drain);
        await model.CloseAsync(deadline.Token).ConfigureAwait(false);
        model.Dispose();
    }
}
