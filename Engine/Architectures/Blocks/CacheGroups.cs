namespace Tessera.Engine.Architectures.Blocks;

/// <summary>The caches of a graph's layers: one group for full attention, and one for each length of window.</summary>
internal sealed class CacheGroups
{
    private readonly SortedDictionary<int, List<CacheSpec>> _groups = [];

    /// <summary>Adds a cache to the group of its window; 0: no window.</summary>
    public CacheSpec Add(CacheSpec cache, int window)
    {
        if (!_groups.TryGetValue(window, out List<CacheSpec>? caches))
            _groups.Add(window, caches = []);
        caches.Add(cache);
        return cache;
    }

    /// <summary>The groups, the full one first.</summary>
    public IReadOnlyList<CacheGroup> ToList() =>
        [.. _groups.Select(g => g.Key == 0 ? new CacheGroup("full", CacheKind.Full, 0, g.Value) : new CacheGroup($"window {g.Key}", CacheKind.Window, g.Key, g.Value))];
}
