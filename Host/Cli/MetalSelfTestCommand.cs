using System.CommandLine;
using System.Globalization;
using Tessera.Conformance.SelfTest;
using Tessera.Host.Plugins;

namespace Tessera.Host.Cli;

/// <summary><c>tessera metal-selftest</c>: what the owner of a Mac runs to repeat the checks of <c>kernels.metal</c> on a real GPU.</summary>
internal static class MetalSelfTestCommand
{
    private const string Backend = "metal";
    private const int DefaultMegabytes = 256, MostMegabytes = 1500;

    public static Command Create()
    {
        Argument<string?> model = new("MODEL") { Description = "A model whose tokens are compared with those of kernels.cpu, and whose speed is measured (a configured name or a path).", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> config = CommandParts.Config();
        Option<int?> megabytes = TypedOption.Number<int>(["--megabytes"], $"Weights that are read to measure GB/s (default {DefaultMegabytes}).", 1, MostMegabytes);
        Command command = new("metal-selftest", "Repeats the checks of kernels and models on this machine's Apple GPU and prints GB/s and tokens per second, as a table to paste.") { model, config, megabytes };
        command.Do((result, _) => RunAsync(result.GetValue(model), result.GetValue(config), result.GetValue(megabytes) ?? DefaultMegabytes));
        return command;
    }

    private static async Task<int> RunAsync(string? model, string? config, int megabytes)
    {
        await using HostSession session = HostSession.Open(config, model);
        bool passed;
        PluginGeneration plugin = Provider(session, Backend);
        using (PluginLease lease = plugin.Acquire())
        {
            IKernelBackend backend = lease.Contracts.Backends.First(b => b.Name == Backend);
            Console.WriteLine(KernelSelfTest.Describe(backend)[0]);
            using TypeLeases types = new(session.Plugins);
            passed = Checks(KernelSelfTest.Run(backend, types.List));
            Speeds(backend, types.List, (long)megabytes << 20);
        }
        if (model is not null)
            passed &= Checks(ModelSelfTest.Run(session, plugin.Id));
        Console.WriteLine();
        Console.WriteLine(passed ? "passed" : "failed");
        return passed ? Terminal.Done : Terminal.Failed;
    }

    /// <summary>The loaded plugin that provides a backend.</summary>
    /// <exception cref="PluginException">None does.</exception>
    internal static PluginGeneration Provider(HostSession session, string backend) =>
        session.Plugins.Generations.FirstOrDefault(g => g.Provides.Any(p => p.Kind == nameof(IKernelBackend) && p.Name == backend))
        ?? throw new PluginException($"no loaded plugin provides the backend '{backend}'; loaded are {string.Join(", ", session.Plugins.Generations.Select(g => g.Id))}");

    private static bool Checks(IEnumerable<SelfTestResult> results)
    {
        bool passed = true;
        Head("check", "found", "");
        foreach ((string what, string found, bool ok) in results)
        {
            Console.WriteLine($"| {what} | {found.Replace("|", "\\|", StringComparison.Ordinal)} | {(ok ? "ok" : "FAILED")} |");
            passed &= ok;
        }
        return passed;
    }

    private static void Speeds(IKernelBackend backend, IReadOnlyList<IQuantization> types, long bytes)
    {
        Head("weights", "GB/s", "");
        foreach (IQuantization type in types.Where(t => t is IQuantizer))
            try
            {
                (double speed, string how) = BandwidthSelfTest.Measure(backend, type, bytes);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {type.Id} | {speed:F1} | {how} |"));
            }
            catch (UnsupportedModelException e)
            {
                Console.WriteLine($"| {type.Id} | | {e.Message} |");
            }
    }

    private static void Head(params string[] columns)
    {
        Console.WriteLine();
        Console.WriteLine($"| {string.Join(" | ", columns)} |");
        Console.WriteLine($"|{string.Concat(columns.Select(_ => "---|"))}");
    }

    /// <summary>The quantizations of all plugins, while it is held.</summary>
    private sealed class TypeLeases(PluginHost plugins) : IDisposable
    {
        private readonly PluginLease[] _leases = [.. plugins.Generations.Select(g => g.Acquire())];

        public IReadOnlyList<IQuantization> List => [.. _leases.SelectMany(l => l.Contracts.Quantizations)];

        public void Dispose()
        {
            foreach (PluginLease lease in _leases)
                lease.Dispose();
        }
    }
}
