using Microsoft.Extensions.Logging;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Lowering;

/// <summary>Where plugins with machine code have none that is used, the log says so.</summary>
public class MachineCodeTests
{
    [Fact]
    public void A_source_that_offers_nothing_is_logged_with_what_runs_without()
    {
        string line = Assert.Single(Said(new Nothing()));
        Assert.Contains("built-in kernels", line, StringComparison.Ordinal);
        Assert.Contains("rows of q8_0", line, StringComparison.Ordinal);
        if (CpuIsa.Detect().Avx2)
            Assert.Contains("cpu.group32.zero7", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_sources_there_is_nothing_to_say() => Assert.Empty(Said());

    private static List<string> Said(params ITileSource[] sources)
    {
        using RandomModel model = new(new ModelShape { Type = "q8_0" });
        using InlineWorkTeam team = new(1);
        Lines lines = new();
        using IModelRuntime runtime = new CpuBackend(CpuIsa.Detect(), logger: lines).Build(new BackendRequest
        {
            Graph = model.Graph,
            Limits = Session.Limits(ActivationPrecision.Fast),
            Team = team,
            Quantizations = model.Registry,
            KvBudget = new FixedBudget(),
            Tiles = sources,
        });
        return lines.Said;
    }

    private sealed class Nothing : ITileSource
    {
        public ITile? TryGet(string layout) => null;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
    }
}
