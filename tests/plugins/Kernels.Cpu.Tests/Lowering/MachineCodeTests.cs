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

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.F32)]
    public void A_source_that_throws_is_logged_with_its_reason_and_the_built_in_kernels_run(KvType kv)
    {
        CpuIsa isa = CpuIsa.Detect();
        string line = Assert.Single(Said(kv, isa, new Refusing()));
        // Tiles and row dots are asked for with AVX-512, halves where vectors have 256 bits.
        Assert.Contains("built-in kernels", line, StringComparison.Ordinal);
        Assert.Equal(isa.Avx512 ? 2 : isa.Avx2 && kv == KvType.F16 ? 1 : 0, line.Split(Refusing.Reason).Length - 1);
        if (!isa.Avx2)
            return;
        line = Assert.Single(Said(kv, isa with { Avx512 = false, Avx512Vbmi = false }, new Refusing()));
        Assert.Equal(kv == KvType.F16, line.Contains($"halves ({Refusing.Reason})", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_a_source_that_throws_late_nothing_is_kept()
    {
        CpuIsa isa = CpuIsa.Detect();
        Assert.SkipUnless(isa.Avx512, "machine code of several kernels is asked for with AVX-512 only");
        Late late = new();
        string line = Assert.Single(Said(KvType.F32, isa, late, new Nothing()));
        Assert.Contains("InvalidOperationException: no more", line, StringComparison.Ordinal);
        Assert.Equal((2, 2), (late.Given, late.Returned));
    }

    [Fact]
    public void Without_sources_there_is_nothing_to_say() => Assert.Empty(Said());

    private static List<string> Said(params ITileSource[] sources) => Said(KvType.F32, CpuIsa.Detect(), sources);

    private static List<string> Said(KvType kv, CpuIsa isa, params ITileSource[] sources)
    {
        using RandomModel model = new(new ModelShape { Type = "q8_0" });
        using InlineWorkTeam team = new(1);
        Lines lines = new();
        using IModelRuntime runtime = new CpuBackend(isa, logger: lines).Build(new BackendRequest
        {
            Graph = model.Graph,
            Limits = Session.Limits(ActivationPrecision.Fast, kv),
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

    /// <summary>As where the system refuses executable memory.</summary>
    private sealed class Refusing : ITileSource
    {
        public const string Reason = "the system does not allow machine code";

        public ITile? TryGet(string layout) => throw new TesseraException(Reason);
    }

    /// <summary>Gives the first of several kernels.</summary>
    private sealed class Late : ITileSource
    {
        public int Given { get; private set; }

        public int Returned { get; private set; }

        public ITile? TryGet(string layout)
        {
            if (!layout.Contains(".w8.", StringComparison.Ordinal) && !layout.StartsWith("cpu.row.", StringComparison.Ordinal))
                throw new InvalidOperationException("no more");
            Given++;
            return new Lease(this);
        }

        private sealed class Lease(Late source) : ITile
        {
            public nint EntryPoint => 0;

            public string Description => "late";

            public void Dispose() => source.Returned++;
        }
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
