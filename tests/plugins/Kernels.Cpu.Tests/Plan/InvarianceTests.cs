using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>A sequence's logits are bitwise the same whatever runs beside it, however it is cut, and on any number of lanes.</summary>
public class InvarianceTests
{
    public static TheoryData<string, ActivationPrecision, KvType> Paths => new()
    {
        { "f32", ActivationPrecision.Float32, KvType.F32 },
        { "q4_1", ActivationPrecision.Float32, KvType.F32 },
        { "f16", ActivationPrecision.Fast, KvType.F16 },
        { "q4_1", ActivationPrecision.Fast, KvType.F16 },
        { "q8_0", ActivationPrecision.Fast, KvType.F16 },
        { "q4_k", ActivationPrecision.Fast, KvType.F16 },
        { "q5_k", ActivationPrecision.Fast, KvType.F16 },
        { "q6_k", ActivationPrecision.Fast, KvType.F16 },
        { "iq4_nl", ActivationPrecision.Fast, KvType.F16 },
        { "iq3_s", ActivationPrecision.Fast, KvType.F16 },
        { "mxfp4", ActivationPrecision.Fast, KvType.F16 },
        { "nvfp4", ActivationPrecision.Fast, KvType.F16 },
        { "f16", ActivationPrecision.Fast, KvType.BF16 },
        { "q8_0", ActivationPrecision.Fast, KvType.Q8 },
    };

    // Vectors without hardware are slow.
    private static int Length => Vector256.IsHardwareAccelerated ? 150 : 40;

    private static RandomModel Model(string type) => new(new ModelShape { Type = type, Layers = 1, Width = 256, Inner = 256, Heads = 4, KeyHeads = 2, HeadLength = 64 });

    [Theory, MemberData(nameof(Paths))]
    public void Chunks_do_not_matter(string type, ActivationPrecision activations, KvType kv)
    {
        using RandomModel model = Model(type);
        int[] tokens = model.Tokens(Length);
        using Session whole = new(model.Graph, model.Registry, Session.Limits(activations, kv));
        float[][] expected = whole.Feed(0, tokens, Length);
        foreach (int chunk in (int[])[1, 7, 16, 33, 40, 64])
        {
            using Session session = new(model.Graph, model.Registry, Session.Limits(activations, kv), lanes: 2);
            Difference.None(expected, session.Feed(0, tokens, chunk), $"chunks of {chunk}");
        }
    }

    [Theory, MemberData(nameof(Paths))]
    public void Neighbours_do_not_matter(string type, ActivationPrecision activations, KvType kv)
    {
        using RandomModel model = Model(type);
        int[] tokens = model.Tokens(Length / 4);
        using Session alone = new(model.Graph, model.Registry, Session.Limits(activations, kv));
        float[][] expected = alone.Feed(0, tokens, 1);
        using Session crowd = new(model.Graph, model.Registry, Session.Limits(activations, kv), lanes: 2);
        List<float[]> found = [];
        for (int i = 0; i < tokens.Length; i++)
        {
            // Seven others: some decode, some prefill, before and after it in the batch.
            for (int slot = 1; slot <= 4; slot++)
                crowd.Add(slot, model.Tokens(i % slot == 0 ? 5 : 1, slot * 100 + i), RowOutputs.None);
            crowd.Add(0, tokens.AsSpan(i, 1));
            for (int slot = 5; slot <= 7; slot++)
                crowd.Add(slot, model.Tokens(1, slot * 100 + i), RowOutputs.Logits);
            found.Add(crowd.Run()[0]);
        }
        Difference.None(expected, [.. found], "with 7 others");
    }

    [Theory, MemberData(nameof(Paths))]
    public void Lanes_do_not_matter(string type, ActivationPrecision activations, KvType kv)
    {
        using RandomModel model = Model(type);
        int[] tokens = model.Tokens(Length / 2);
        float[][]? expected = null;
        foreach (int lanes in (int[])[1, 2, 3, 5])
        {
            using Session session = new(model.Graph, model.Registry, Session.Limits(activations, kv), lanes);
            float[][] found = [.. session.Feed(0, tokens.AsSpan(0, Length / 3), Length), .. session.Feed(0, tokens.AsSpan(Length / 3), 1)];
            expected ??= found;
            Difference.None(expected, found, $"{lanes} lanes");
        }
    }
}
