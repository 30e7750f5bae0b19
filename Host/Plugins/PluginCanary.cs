using Tessera.Conformance.Checks;
using Tessera.Conformance.Golden;

namespace Tessera.Host.Plugins;

/// <summary>
/// What a generation must do before requests meet it: <see cref="PluginCheck.Of"/>, on the samples of its package; its backends read the types of the plugins beside it rightly; in an engine, drafts of its decoding strategy change no
/// output; and no speed is lost.
/// </summary>
internal static class PluginCanary
{
    /// <summary>As the other, and no backend may be much slower than the one of the same name that it replaces.</summary>
    /// <param name="generation">The generation.</param>
    /// <param name="replaces">What it replaces, or null.</param>
    /// <param name="beside">What it is to work with.</param>
    /// <param name="floor">The part of the other's speed that it must reach; 0: it does not matter.</param>
    /// <param name="logger">Told what was not compared.</param>
    public static bool Require(PluginGeneration generation, PluginGeneration? replaces, IReadOnlyList<PluginGeneration> beside, double floor, ILogger logger)
    {
        Require(generation);
        RequireTypes(generation, beside);
        if (replaces is null || floor <= 0)
            return true;
        using PluginLease lease = generation.Acquire(), other = replaces.Acquire();
        foreach (IKernelBackend backend in lease.Contracts.Backends)
            if (other.Contracts.Backends.FirstOrDefault(b => b.Name == backend.Name) is { } old)
                Require(generation, new PluginCheck($"backend '{backend.Name}'", () => SpeedFloor.Problem(backend, old, floor, TimeProvider.System)));
            else
                logger.LogInformation("plugin '{Id}' {Version}: backend '{Backend}' is new: its speed is compared with nothing", generation.Id, generation.Version, backend.Name);
        return true;
    }

    /// <summary>Tries everything that the generation provides.</summary>
    /// <exception cref="PluginException">It answers wrongly or throws; the text names what.</exception>
    public static void Require(PluginGeneration generation)
    {
        using PluginLease lease = generation.Acquire();
        GoldenFolder golden = GoldenFolder.Read(generation.Package.Folder);
        PluginCheck drafts = new("decoding strategy, verified", () => lease.Contracts.CreateStrategy() is { } strategy ? StrategyCanary.Check(strategy) : null);
        foreach (PluginCheck check in PluginCheck.Of(lease.Contracts.Parts(generation.Provides), golden).Append(drafts))
            Require(generation, check);
    }

    /// <summary>Tries its backends with the types of other plugins.</summary>
    private static void RequireTypes(PluginGeneration generation, IReadOnlyList<PluginGeneration> beside)
    {
        using PluginLease lease = generation.Acquire();
        if (lease.Contracts.Backends.Count == 0)
            return;
        List<PluginLease> others = [];
        try
        {
            others.AddRange(beside.Select(g => g.Acquire()));
            foreach (IKernelBackend backend in lease.Contracts.Backends)
                Require(generation, new PluginCheck($"backend '{backend.Name}'", () => BackendTypes.Problem(backend, others.SelectMany(o => o.Contracts.Quantizations))));
        }
        finally
        {
            others.ForEach(o => o.Dispose());
        }
    }

    /// <summary>What is wrong, or null; what the plugin throws becomes a text.</summary>
    public static string? Problem(PluginCheck check)
    {
        try
        {
            return check.Problem();
        }
        catch (Exception e)
        {
            return Failure.Describe(e);
        }
    }

    private static void Require(PluginGeneration generation, PluginCheck check)
    {
        if (Problem(check) is { } problem)
            throw new PluginException($"plugin '{generation.Id}' {generation.Version}: {check.Title}: {problem}");
    }
}
