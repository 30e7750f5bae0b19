using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Golden;
using Tessera.Conformance.Scan;

namespace Tessera.Host.Plugins.Kit;

/// <summary>
/// What a plugin must pass, beside the rules for packages: its code calls nothing that keeps it from being unloaded; its parts pass their checks, again and again; it can be unloaded; its steps can be given up; and in a load context that can
/// be unloaded it is about as fast as in one that cannot. Each step has a time limit, so that a plugin that hangs is named and not waited for.
/// </summary>
/// <param name="package">A package that passes the rules.</param>
/// <param name="options">The plugin's options.</param>
/// <param name="rounds">How often it is exercised.</param>
/// <param name="report">Takes what is found.</param>
/// <param name="withTimes">Whether it is compared with itself in a load context that cannot be unloaded.</param>
internal sealed class PluginKit(VerifiedPackage package, BoundOptions options, int rounds, KitReport report, bool withTimes = true)
{
    private const int Generations = 5, Collections = 10, SoonCollections = 3;

    /// <summary>How much longer a round may take than the first, which it was compiled in.</summary>
    private const int MostPatience = 3;

    private static readonly TimeSpan StepLimit = TimeSpan.FromMinutes(5), MostLimit = TimeSpan.FromDays(1), CollectionPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan UnloadLimit = TimeSpan.FromSeconds(10);

    private readonly GoldenFolder _golden = GoldenFolder.Read(package.Package.Folder);
    private readonly HashSet<string> _failed = new(StringComparer.Ordinal);

    /// <summary>Runs everything that can still run.</summary>
    public void Run()
    {
        Scan();
        long start = Stopwatch.GetTimestamp();
        if (Step("checks", Checks, StepLimit) && Step("exercise", Exercise, StepLimit + MostPatience * (rounds + Generations) * Stopwatch.GetElapsedTime(start)) && Step("cancellation", Cancellation, StepLimit) && withTimes)
            Step("time", () => KitTimes.Compare(package, options, _golden, report), StepLimit);
    }

    private void Scan()
    {
        int before = report.Errors + report.Warnings;
        string[] files = [.. Directory.EnumerateFiles(package.Package.Folder, "*.dll", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        report.Done("scan", $"{files.Length} libraries");
        foreach (string file in files)
            try
            {
                foreach (ScanFinding finding in LeakScan.Scan(file, own: Path.GetFileName(file) == package.Manifest.EntryAssembly))
                    report.Add(finding);
            }
            catch (BadImageFormatException e)
            {
                report.Error("scan", $"{Path.GetFileName(file)}: {e.Message}", "Build it anew: its code cannot be read");
            }
        if (report.Errors + report.Warnings == before)
            report.Done("", "nothing that keeps a plugin from being unloaded");
    }

    private void Checks()
    {
        PluginGeneration generation = Activate(package, options);
        int count = 0;
        using (PluginLease lease = generation.Acquire())
            foreach (PluginCheck check in PluginCheck.Of(lease.Contracts.Parts(generation.Provides), _golden))
            {
                count++;
                if (PluginCanary.Problem(check) is { } problem && _failed.Add(check.Title))
                    report.Error("checks", $"{check.Title}: {problem}", "The plugin does not do what its contract or its sample says");
            }
        Retire(generation);
        report.Done("checks", $"{count}, {_golden.Samples.Count} of them on samples of {GoldenFolder.Name}/");
    }

    private void Exercise()
    {
        List<(WeakReference Assembly, WeakReference Context)> loaded = [];
        for (int i = 0; i < Generations; i++)
            loaded.Add(Use(i == 0 ? rounds : 1));
        int collections = 0;
        using ManualResetEventSlim never = new();
        while (collections < Collections && loaded.Any(l => l.Assembly.IsAlive || l.Context.IsAlive))
        {
            // What its last threads and timers hold, they let go soon.
            if (++collections > SoonCollections)
                never.Wait(CollectionPause);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        int assemblies = loaded.Count(l => l.Assembly.IsAlive), contexts = loaded.Count(l => l.Context.IsAlive);
        if (assemblies + contexts > 0)
            report.Error("unload", $"after {collections} collections {assemblies} of {Generations} assemblies and {contexts} load contexts are alive",
                "Something outside the plugin holds an object, a type or a delegate of it: see the rules of docs/plugin-authors.md, and what the scan has found");
        report.Done("exercise", $"{rounds} times, loaded {Generations} times; {(assemblies + contexts == 0 ? $"all unloaded after {collections} collections" : "not unloaded")}");
    }

    /// <summary>Loads it, uses it and tells it to go. In a frame of its own: no object of the plugin is left in a local.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (WeakReference, WeakReference) Use(int times)
    {
        PluginGeneration generation = Activate(package, options);
        for (int i = 0; i < times; i++)
            Work(generation, i);
        Retire(generation);
        return (generation.Assembly, generation.Context);
    }

    /// <summary>Disposes and unloads it, on another thread: a Dispose that does not end is not waited for.</summary>
    private static void Retire(PluginGeneration generation)
    {
        Task.Run(generation.Retire);
        if (!generation.Unloaded.Wait(UnloadLimit))
            throw new PluginException($"Dispose is not done after {UnloadLimit.TotalSeconds} s; it must end: wait in it for nothing that may never come");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Work(PluginGeneration generation, int round)
    {
        using PluginLease lease = generation.Acquire();
        foreach (PluginCheck check in PluginCheck.Of(lease.Contracts.Parts(generation.Provides), _golden))
            if (!_failed.Contains(check.Title) && PluginCanary.Problem(check) is { } problem && _failed.Add(check.Title))
                report.Error("exercise", $"{check.Title}, time {round + 1}: {problem}", "A part must do the same each time that it is used");
    }

    private void Cancellation()
    {
        PluginGeneration generation = Activate(package, options);
        int backends = 0;
        using (PluginLease lease = generation.Acquire())
            foreach (IKernelBackend backend in lease.Contracts.Backends)
            {
                string? refusal = null;
                if (PluginCanary.Problem(new PluginCheck(backend.Name, () => Abort(backend, out refusal))) is { } problem)
                    report.Error("cancellation", $"backend '{backend.Name}': {problem}", "Look at Batch.Abort in every layer, and change nothing once it is seen");
                else if (refusal is not null)
                    report.Add(new ScanFinding("cancellation", FindingLevel.Warning, $"backend '{backend.Name}' takes no graph: {refusal}", "Run the kit on a machine that has what the backend needs, too: here nothing of it can be checked"));
                else
                    backends++;
            }
        Retire(generation);
        report.Done("cancellation", backends == 0 ? "no backend with steps: nothing to give up" : $"{backends} {(backends == 1 ? "backend gives" : "backends give")} steps up");
    }

    private static string? Abort(IKernelBackend backend, out string? refusal)
    {
        refusal = null;
        try
        {
            return AbortCheck.Problem(backend);
        }
        catch (UnsupportedModelException e)
        {
            refusal = e.Message;
            return null;
        }
    }

    internal static PluginGeneration Activate(VerifiedPackage package, BoundOptions options, bool unloadable = true) =>
        new PluginActivator(NullLoggerFactory.Instance, unloadable).Activate(package, options);

    /// <summary>Runs a step on a thread of the pool, with the time limit.</summary>
    /// <returns>False: it hangs or throws; what needs it is left out.</returns>
    private bool Step(string name, Action step, TimeSpan limit)
    {
        try
        {
            Task task = Task.Run(step);
            if (task.Wait(limit < MostLimit ? limit : MostLimit))
                return true;
            report.Error(name, $"not done after {limit.TotalMinutes:0} minutes", "The plugin hangs, or is far too slow to be checked");
        }
        catch (AggregateException e)
        {
            report.Error(name, Failure.Describe(e.InnerException!), "The plugin must load and do this");
        }
        return false;
    }
}
