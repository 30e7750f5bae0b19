using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Models;

/// <summary>
/// Puts another version of a plugin in use while models are served, one switch at a time: the package is verified, loaded beside the old one and tried; then every model that uses the old one gets a new composition. Requests that run
/// finish on their own; where any step fails, everything is as it was before, and the package is quarantined.
/// </summary>
internal sealed class PluginSwitch(PluginHost plugins, ModelRegistry models, ILogger<PluginSwitch> logger) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The store.</summary>
    public PluginStore Store => plugins.Locator.Store;

    /// <summary>Takes a package into the store.</summary>
    /// <exception cref="PluginException">It is refused.</exception>
    public StoredPackage Install(string path) => plugins.Locator.Install(path);

    /// <summary>Puts a package of the store in use.</summary>
    /// <returns>The models that have a new composition.</returns>
    /// <exception cref="TesseraException">It is refused or fails; what was active still is.</exception>
    public Task<IReadOnlyList<string>> ActivateAsync(string reference)
    {
        StoredPackage stored = Store.Find(reference);
        return InTurnAsync(() => SwitchAsync(stored.Id, stored.Version, () => plugins.Locator.Stored(stored), r => r.Activate(stored.Version)));
    }

    /// <summary>Puts what was active before in use again.</summary>
    /// <exception cref="TesseraException">There is nothing before, or it fails; what was active still is.</exception>
    public Task<IReadOnlyList<string>> RollBackAsync(string id) => InTurnAsync(() =>
    {
        PluginRecord record = Store.Read().Of(id);
        if (record.Previous.Count == 0)
            throw new PluginException($"plugin '{id}': nothing was active before");
        StoredVersion? version = record.Previous[^1];
        return SwitchAsync(id, version, () => version is null ? plugins.Locator.BundledOrNone(id) : plugins.Locator.Stored(Store.At(id, version)), r => r.RollBack());
    });

    /// <summary>Deletes a package that is not in use.</summary>
    /// <exception cref="PluginException">It is in use, or is not there.</exception>
    public Task RemoveAsync(string reference) => InTurnAsync<IReadOnlyList<string>>(() =>
    {
        StoredPackage stored = Store.Find(reference);
        if (plugins.Generations.Concat(plugins.Retired).Any(g => g.Package == stored.Package && g.State != GenerationState.Unloaded))
            throw new PluginException($"{stored} is in use");
        Store.Remove(stored);
        return Task.FromResult<IReadOnlyList<string>>([]);
    });

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task<T> InTurnAsync<T>(Func<Task<T>> action)
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

    private async Task<IReadOnlyList<string>> SwitchAsync(string id, StoredVersion? version, Func<VerifiedPackage?> locate, Func<PluginRecord, PluginRecord> commit)
    {
        Store.Update(id, r => r.Try(version));
        PluginGeneration? next = null;
        try
        {
            if (locate() is { } package)
            {
                next = plugins.Load(package);
                PluginCanary.Require(next);
            }
            IReadOnlyList<string> swapped = await SwapAsync(id, next).ConfigureAwait(false);
            Store.Update(id, commit);
            return swapped;
        }
        catch (Exception e)
        {
            string reason = Failure.Describe(e);
            logger.LogError("plugin '{Id}' {Version} is not put in use: {Reason}", id, version?.Version, reason);
            if (next is not null)
                _ = plugins.RetireAsync(next);
            Store.Update(id, r => version is null ? r.Try(null) : r.Quarantine(version, reason));
            throw new PluginException(reason);
        }
    }

    /// <summary>Gives every model that uses the plugin a composition with the new generation; all of them or none.</summary>
    private async Task<IReadOnlyList<string>> SwapAsync(string id, PluginGeneration? next)
    {
        PluginGeneration? old = plugins.Replace(id, next);
        List<string> swapped = [];
        try
        {
            if (old is not null)
                foreach (ServedModel model in models.Models)
                    if (await model.LeaveAsync(old).ConfigureAwait(false))
                        swapped.Add(model.Name);
        }
        catch
        {
            plugins.Replace(id, old);
            await GoBackAsync(next).ConfigureAwait(false);
            throw;
        }
        if (old is not null)
            _ = plugins.RetireAsync(old);
        logger.LogInformation("plugin '{Id}': {New} is in use instead of {Old}; new compositions: {Models}", id, next?.Stored.ToString() ?? "nothing", old?.Stored.ToString() ?? "nothing", string.Join(", ", swapped.DefaultIfEmpty("none")));
        return swapped;
    }

    /// <summary>The old plugins built these models before; a model that they cannot build any more keeps the composition that it has.</summary>
    private async Task GoBackAsync(PluginGeneration? next)
    {
        if (next is null)
            return;
        foreach (ServedModel model in models.Models)
            try
            {
                await model.LeaveAsync(next).ConfigureAwait(false);
            }
            catch (TesseraException e)
            {
                logger.LogError("model '{Name}' stays on plugin '{Id}' {Version}: {Error}", model.Name, next.Id, next.Version, e.Message);
            }
    }
}
