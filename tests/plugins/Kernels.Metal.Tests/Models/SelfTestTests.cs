using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Checks;
using Tessera.Conformance.Fakes;
using Tessera.Conformance.SelfTest;
using Tessera.Kernels.Metal.Tests.Kernels;
using Tessera.MetalEmulator;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>What <c>tessera metal-selftest</c> does on a Mac.</summary>
public sealed class SelfTestTests
{
    private static readonly string[] Types = ["q4_0", "q6_k"];

    private static readonly Dictionary<string, CheckShape> Shapes = new() { ["plain"] = new() };

    [Fact]
    public void Kernels_and_types_pass_and_bytes_a_second_are_measured()
    {
        using EmulatorSession session = Emulator.Begin();
        using MetalBackend backend = new(NullLogger.Instance);
        Assert.StartsWith("device: ", KernelSelfTest.Describe(backend)[0], StringComparison.Ordinal);
        IQuantization[] types = [.. Types.Select(t => Matrix.Quantizations().Find(t)!)];
        SelfTestResult[] results = [.. KernelSelfTest.Run(backend, types, Shapes)];
        Assert.Equal(["plain", .. Types.SelectMany(t => (string[])[$"weights of {t}", $"weights of {t}, half tiles, cache of halves"])], results.Select(r => r.What));
        Assert.All(results, r => Assert.True(r.Passed && r.Found.Contains(" of ", StringComparison.Ordinal), $"{r}"));
        (double speed, string how) = BandwidthSelfTest.Measure(backend, types[0], 1 << 18);
        Assert.True(speed > 0);
        Assert.StartsWith("q4_0 product", how, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_kernel_fails_and_without_a_device_nothing_is_tried()
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { Bug = new("sum not rescaled", "attention.metal", "sum = sum * old + p;", "sum = sum + p;") });
        using MetalBackend backend = new(NullLogger.Instance);
        SelfTestResult result = Assert.Single(KernelSelfTest.Run(backend, [], Shapes));
        Assert.False(result.Passed);
        Assert.Contains("expected", result.Found, StringComparison.Ordinal);
        session.Use(new EmulatorMode { HasDefaultDevice = false, ListsDevice = false });
        using MetalBackend none = new(NullLogger.Instance);
        Assert.Equal("metal: unavailable: no Metal device", Assert.Throws<UnsupportedModelException>(() => KernelSelfTest.Describe(none)).Message);
    }

    [Fact]
    public void Tokens_must_agree_where_the_lead_is_larger_than_what_logits_deviate_by()
    {
        GreedyComparison comparison = new();
        comparison.Add([1, 3, 2.5f], [1, 3.1f, 2.4f]);
        comparison.Add([1, 1.15f, 0], [1.1f, 1.05f, 0]);
        Assert.Equal((2, 2, 0.1), (comparison.Rows, comparison.Decided, Math.Round(comparison.Deviation, 4)));
        Assert.StartsWith("row 1: expected token 1, which leads by 0.15, found 0", Assert.Single(comparison.Problems), StringComparison.Ordinal);
        comparison.Add([2, 3, 0], [2.2f, 2.8f, 0]);
        Assert.Equal((2, 0), (comparison.Decided, comparison.Problems.Count));
        comparison.Add([0, 1, 4], [0, float.NaN, 4]);
        Assert.Equal((0, double.PositiveInfinity), (comparison.Decided, comparison.Deviation));
    }
}
