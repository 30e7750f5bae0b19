using Tessera.Host.Plugins;

namespace Tessera.Host.Models;

/// <summary>Leases on exactly those plugin generations that something uses.</summary>
internal sealed class PluginLeases(IReadOnlyList<PluginGeneration> generations) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PluginGeneration, PluginLease> _held = [];

    /// <summary>The generations that are leased, as id and version.</summary>
    public IReadOnlyList<(string Id, string Version)> Held
    {
        get
        {
            lock (_lock)
                return [.. generations.Where(_held.ContainsKey).Select(g => (g.Id, g.Version))];
        }
    }

    /// <summary>Whether a generation is leased.</summary>
    public bool Holds(PluginGeneration generation)
    {
        lock (_lock)
            return _held.ContainsKey(generation);
    }

    /// <summary>Whether every leased generation is among these.</summary>
    public bool IsWithin(IReadOnlyList<PluginGeneration> set)
    {
        lock (_lock)
            return _held.Keys.All(set.Contains);
    }

    /// <summary>The ids of all plugins, for messages.</summary>
    public string Loaded => generations.Count == 0 ? "no plugin is loaded" : $"loaded are {string.Join(", ", generations.Select(g => g.Id))}";

    /// <summary>Asks the plugins in order until one has what is looked for, and keeps that one.</summary>
    public T? Find<T>(Func<ProvidedContracts, T?> choose) where T : class
    {
        foreach (PluginGeneration generation in generations)
            if (FindIn(generation, choose) is { } found)
                return found;
        return null;
    }

    /// <summary>Asks one plugin, and keeps it if it has what is looked for.</summary>
    /// <exception cref="PluginException">No such plugin is loaded.</exception>
    public T? FindIn<T>(string id, Func<ProvidedContracts, T?> choose) where T : class =>
        FindIn(generations.FirstOrDefault(g => g.Id == id) ?? throw new PluginException($"plugin '{id}' is not loaded; {Loaded}"), choose);

    /// <summary>Asks every plugin, and keeps those that have something.</summary>
    public IReadOnlyList<T> All<T>(Func<ProvidedContracts, IReadOnlyList<T>> choose) =>
        [.. generations.SelectMany(g => FindIn(g, c => choose(c) is { Count: > 0 } some ? some : null) ?? [])];

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (PluginLease lease in _held.Values)
                lease.Dispose();
            _held.Clear();
        }
    }

    private T? FindIn<T>(PluginGeneration generation, Func<ProvidedContracts, T?> choose) where T : class
    {
        lock (_lock)
        {
            if (_held.TryGetValue(generation, out PluginLease? held))
                return choose(held.Contracts);
            PluginLease lease = generation.Acquire();
            T? found = null;
            try
            {
                found = choose(lease.Contracts);
            }
            finally
            {
                if (found is null)
                    lease.Dispose();
            }
            if (found is not null)
                _held.Add(generation, lease);
            return found;
        }
    }
}

/// <summary>Finds quantizations over all plugins, and leases those that it has found.</summary>
internal sealed class LeasedQuantizations(PluginLeases leases) : IQuantizationRegistry
{
    /// <inheritdoc/>
    public IQuantization? Find(string id) => leases.Find(c => c.Quantizations.FirstOrDefault(q => q.Id == id));
}
