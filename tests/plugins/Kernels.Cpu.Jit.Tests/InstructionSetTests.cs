using Microsoft.Extensions.Logging;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Jit.Tests;

public sealed class InstructionSetTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    public void All_tests_pass_without_an_instruction_set_and_the_built_in_kernels_run(string name) =>
        Assert.Contains(FallingBackTests.Word, InstructionSets.Rerun(typeof(InstructionSetTests).Assembly, name, typeof(InstructionSetTests)), StringComparison.Ordinal);
}

/// <summary>A model with this plugin beside the same model without: the same bits; and where the processor lacks what its code needs, a line in the log says what runs without.</summary>
public sealed class FallingBackTests
{
    /// <summary>Said where code for AVX-512 cannot run.</summary>
    public const string Word = "fell back: ";

    [Theory]
    [InlineData("q8_0", "cpu.group32.zero7")]
    [InlineData("q4_k", "cpu.super256.by32")]
    public void Logits_are_bitwise_the_same_and_a_missing_instruction_set_is_logged(string type, string layout)
    {
        InstructionSets.AssertSwitchedOff();
        using RandomModel model = new(new ModelShape { Type = type, Width = 256, Inner = 256, HeadLength = 64, Layers = 1 });
        int[] tokens = model.Tokens(40);
        Lines lines = new();
        RuntimeLimits limits = Session.Limits(ActivationPrecision.Fast, KvType.F16);
        using Session without = new(model.Graph, model.Registry, limits);
        using Session with = new(model.Graph, model.Registry, limits, backend: new CpuBackend(CpuIsa.Detect(), logger: lines), tiles: new JitTileSource());
        foreach (int chunk in (int[])[1, 5, 34])
            Assert.Equal(Bits(without, chunk), Bits(with, chunk));
        if (Processor.HasVnni512)
            return;
        string line = Assert.Single(lines.Said);
        Assert.Contains($"rows of {type}", line, StringComparison.Ordinal);
        Assert.Contains(layout, line, StringComparison.Ordinal);
        Console.Error.WriteLine($"{Word}{line}");

        int[] Bits(Session session, int rows)
        {
            session.Add(0, tokens.AsSpan(0, rows));
            return [.. session.Run().SelectMany(row => row).Select(BitConverter.SingleToInt32Bits)];
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
