using System.Runtime.Intrinsics;
using Tessera.Conformance.Interpreter;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Whole random models against the float64 interpreter.</summary>
public class RandomModelTests
{
    // Largest differences relative to the logits' root mean square.
    private const double ReferenceTolerance = 2e-5;
    private const double HalfCacheTolerance = 1e-2;
    private const double Int8Tolerance = 0.2;

    // Vectors without hardware are slow.
    private static int Length => Vector256.IsHardwareAccelerated ? 53 : 27;

    private static readonly ModelShape[] Shapes =
    [
        new() { Heads = 3, KeyHeads = 1, HeadLength = 20, Pairing = RopePairing.Halves },
        new() { Heads = 5, KeyHeads = 5, HeadLength = 6, Width = 30, Inner = 37, Vocabulary = 33 },
        new() { HeadLength = 32, Rotating = 12, ValueLength = 12, Pairing = RopePairing.Halves, Biases = true },
        new() { HeadLength = 22, Rotating = 10, ValueLength = 72, Biases = true },
        new() { Window = 1 },
        new() { Window = 19, Heads = 6 },
        new() { Heads = 40, KeyHeads = 1, HeadLength = 8 },
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Shapes.Length)];

    [Theory, MemberData(nameof(Indices))]
    public void Reference_path_agrees_with_the_interpreter(int shape)
    {
        using RandomModel model = new(Shapes[shape]);
        Agree(model, Session.Limits(), ReferenceTolerance);
    }

    [Theory, MemberData(nameof(Indices))]
    public void Half_precision_cache_is_near_the_interpreter(int shape)
    {
        using RandomModel model = new(Shapes[shape]);
        Agree(model, Session.Limits(ActivationPrecision.Fast, KvType.F16), HalfCacheTolerance);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(24)]
    [InlineData(32)]
    public void Any_block_size_gives_the_same_model(int blockTokens)
    {
        using RandomModel model = new(new ModelShape());
        Agree(model, Session.Limits() with { BlockTokens = blockTokens }, ReferenceTolerance);
    }

    [Theory]
    [InlineData("f16", ReferenceTolerance)]
    [InlineData("bf16", ReferenceTolerance)]
    [InlineData("q4_0", Int8Tolerance)]
    [InlineData("q4_1", Int8Tolerance)]
    [InlineData("q5_0", Int8Tolerance)]
    [InlineData("q5_1", Int8Tolerance)]
    [InlineData("q8_0", Int8Tolerance)]
    [InlineData("q4_k", Int8Tolerance)]
    [InlineData("q5_k", Int8Tolerance)]
    [InlineData("q6_k", Int8Tolerance)]
    public void Every_type_runs_on_both_paths(string type, double fastTolerance)
    {
        using RandomModel model = new(new ModelShape { Type = type, Layers = 1, Width = 256, Inner = 256, HeadLength = 64 });
        Agree(model, Session.Limits(), ReferenceTolerance);
        Agree(model, Session.Limits(ActivationPrecision.Fast), fastTolerance);
    }

    private static void Agree(RandomModel model, RuntimeLimits limits, double tolerance)
    {
        int[] tokens = model.Tokens(Length);
        int blocks = 2 * (limits.MaxContext / limits.BlockTokens);
        using Session reference = new(model.Graph, model.Registry, limits, backend: new ReferenceBackend(), blocks: blocks);
        using Session cpu = new(model.Graph, model.Registry, limits, lanes: 2, blocks: blocks);
        float[][] expected = reference.Feed(0, tokens, Length);
        float[][] found = [.. cpu.Feed(0, tokens.AsSpan(0, Length - 10), Length), .. cpu.Feed(0, tokens.AsSpan(Length - 10), 1)];
        (double largest, double mean) = Difference.Relative(expected, found);
        TestContext.Current.TestOutputHelper?.WriteLine($"largest {largest:E2}, mean {mean:E2}");
        Assert.True(largest <= tolerance && mean <= tolerance / 4, $"relative to the logits: largest difference {largest:E2}, mean {mean:E2}; allowed {tolerance}");
    }
}
