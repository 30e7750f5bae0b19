namespace Tessera.Host.Plugins;

/// <summary>Where a package of a plugin is in its life.</summary>
public enum GenerationState
{
    /// <summary>In the store, and about to be checked.</summary>
    Staged,
    /// <summary>It keeps every rule; none of its code has run.</summary>
    Verified,
    /// <summary>Its assemblies are in a load context of their own, and its container is built.</summary>
    Loaded,
    /// <summary>It is being tried.</summary>
    Canary,
    /// <summary>New compositions take it.</summary>
    Active,
    /// <summary>No new leases; the old ones are running out.</summary>
    Draining,
    /// <summary>Its container is disposed and its load context told to unload.</summary>
    Unloaded,
    /// <summary>It failed, and is not tried again by itself.</summary>
    Quarantined,
    /// <summary>Code of it has not come back in time; it is not unloaded for as long as that lasts.</summary>
    Stuck,
    /// <summary>Unloaded long ago, and its assembly is still there: something holds on to it.</summary>
    Leaked,
}
