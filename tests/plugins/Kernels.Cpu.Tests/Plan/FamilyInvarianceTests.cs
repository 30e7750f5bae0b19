using System.Runtime.Intrinsics;
using Tessera.Conformance.Checks;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>The operations of all families: a sequence's logits are bitwise the same whatever runs beside it, however it is cut, and on any number of lanes.</summary>
public unsafe class FamilyInvarianceTests
{
    // Vectors without hardware are slow.
    private static int Length => Vector256.IsHardwareAccelerated ? 90 : 26;

    // Whole sequences have tests of their own.
    public static TheoryData<string> Shapes => [.. CheckShapes.All.Where(s => !s.Value.Headless).Select(s => s.Key)];

    /// <summary>Shapes whose rows are multiples of 32, so that quantized weights, row dots and tiles are met.</summary>
    public static TheoryData<string, string> Quantized => new MatrixTheoryData<string, string>(
        ["experts by softmax", "experts by normalized softmax, scaled, shared", "experts by softmax of the chosen, biases, clamped gate", "latent attention, absorbed", "shared head norms, fused projections", "soft caps"],
        ["q8_0", "q4_1", "f16", "mxfp4"]);

    [Theory, MemberData(nameof(Shapes))]
    public void Reference_path(string shape) => Check(CheckShapes.All[shape], ActivationPrecision.Float32, KvType.F32);

    [Theory, MemberData(nameof(Shapes))]
    public void Product_path(string shape) => Check(CheckShapes.All[shape], ActivationPrecision.Fast, KvType.F16);

    [Theory, MemberData(nameof(Quantized))]
    public void Quantized_weights(string shape, string type) => Check(Wide(CheckShapes.All[shape]) with { Quantization = type }, ActivationPrecision.Fast, KvType.F16);

    [Theory]
    [InlineData("q8_0")]
    [InlineData("q4_0")]
    [InlineData("q5_1")]
    [InlineData("q4_k")]
    [InlineData("q5_k")]
    [InlineData("q6_k")]
    [InlineData("mxfp4")]
    [InlineData("iq4_xs")]
    [InlineData("iq2_s")]
    public void Experts_of_every_kind_of_tile(string type) =>
        Check(new CheckShape { Width = 256, FeedForward = 256, Heads = 4, HeadLength = 64, Layers = 1, Quantization = type, Experts = new CheckExperts(4, new ExpertRouting(2, ExpertScoring.Softmax)) }, ActivationPrecision.Fast, KvType.F16);

    /// <summary>The shape with rows that are multiples of 32.</summary>
    internal static CheckShape Wide(CheckShape shape) => shape with
    {
        HeadLength = 32,
        ValueLength = 32,
        FeedForward = 96,
        Experts = shape.Experts is null ? null : shape.Experts with { Inner = 64 },
    };

    private static void Check(CheckShape shape, ActivationPrecision activations, KvType kv)
    {
        using CheckModel model = new(shape, Quantizations.With());
        RuntimeLimits limits = Session.Limits(activations, kv) with { BlockTokens = shape.BlockTokens };
        int[] tokens = Tokens(Length, 3);
        float[][] expected;
        using (Session whole = Start(1))
            expected = whole.Feed(0, tokens, Length);
        foreach (int chunk in (int[])[1, 7, 16, 33, 40])
            using (Session chunks = Start(2))
                Difference.None(expected, chunks.Feed(0, tokens, chunk), $"chunks of {chunk}");
        using (Session lanes = Start(5))
            Difference.None(expected, lanes.Feed(0, tokens, Length), "5 lanes");

        using Session crowd = Start(3);
        List<float[]> found = [];
        for (int i = 0; i < 20; i++)
        {
            // Others decode and prefill, before and after it in the batch.
            crowd.Add(1, Tokens(i % 3 == 0 ? 5 : 1, 100 + i), RowOutputs.None);
            crowd.Add(2, Tokens(1, 200 + i), RowOutputs.None);
            crowd.Add(0, tokens.AsSpan(i, 1));
            crowd.Add(3, Tokens(i % 4 == 1 ? 9 : 1, 300 + i), RowOutputs.Logits);
            found.Add(crowd.Run()[0]);
        }
        Difference.None(expected[..20], [.. found], "with 3 others");

        Session Start(int lanes)
        {
            Session session = new(model.Graph, Quantizations.With(), limits, lanes, blocks: 600);
            for (int slot = 0; slot < limits.MaxSequences; slot++)
                session.Batch.PlannedTokens[slot] = slot % 2 == 0 ? 100 : 20 * slot;
            return session;
        }

        int[] Tokens(int count, int seed)
        {
            Random random = new(seed);
            return [.. Enumerable.Range(0, count).Select(_ => random.Next(shape.Vocabulary))];
        }
    }
}
