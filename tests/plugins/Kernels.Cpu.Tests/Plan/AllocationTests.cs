using Tessera.Conformance.Checks;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

/// <summary>Counts the whole process's allocations, so no other test runs beside it.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public class AllocationTests
{
    [Theory]
    [InlineData("q8_0", ActivationPrecision.Fast, KvType.F16)]
    [InlineData("q4_0", ActivationPrecision.Float32, KvType.F32)]
    [InlineData("q8_0", ActivationPrecision.Fast, KvType.BF16)]
    [InlineData("q8_0", ActivationPrecision.Fast, KvType.Q8)]
    public void Decode_steps_allocate_nothing(string type, ActivationPrecision activations, KvType kv)
    {
        using RandomModel model = new(new ModelShape { Type = type });
        using Session session = new(model.Graph, model.Registry, Session.Limits(activations, kv), lanes: 2);
        AllocatesNothing(session);
    }

    [Theory]
    [InlineData("experts by sigmoid in groups, selection bias")]
    [InlineData("stretched rope, another base in odd layers")]
    [InlineData("latent attention, absorbed")]
    [InlineData("own head norms")]
    public unsafe void Nor_do_those_of_the_families(string shape)
    {
        using CheckModel model = new(CheckShapes.All[shape], Quantizations.With());
        using Session session = new(model.Graph, Quantizations.With(), Session.Limits(ActivationPrecision.Fast, KvType.F16), lanes: 2, blocks: 200);
        session.Batch.PlannedTokens[0] = 300;
        AllocatesNothing(session);
    }

    [Theory]
    [InlineData("q8_0")]
    [InlineData("q4_k")]
    [InlineData("f16")]
    public void Nor_do_those_of_many_rows(string type)
    {
        using RandomModel model = new(new ModelShape { Type = type, Width = 256, Inner = 512, Heads = 4, KeyHeads = 2, HeadLength = 64 });
        using Session session = new(model.Graph, model.Registry, Session.Limits(ActivationPrecision.Fast, KvType.F16), lanes: 2);
        for (int slot = 0; slot < 2; slot++)
            session.Add(slot, model.Tokens(45, slot), RowOutputs.Logits);
        Again(session, 20);
        AllocatesNothing(() => Again(session, 10));
    }

    [Fact]
    public void Nor_do_those_of_encoders()
    {
        using CheckModel model = new(CheckShapes.All["encoder with scores of the first row"], Quantizations.With());
        using Session session = new(model.Graph, Quantizations.With(), Session.Limits(ActivationPrecision.Fast, KvType.F16), lanes: 2);
        for (int slot = 0; slot < 3; slot++)
            for (int i = 0; i < 20 + slot; i++)
                session.Batch.Add(i, i, i, slot, i == 19 + slot ? RowOutputs.Pooled : RowOutputs.None, slot);
        Again(session, 40);
        AllocatesNothing(() => Again(session, 50));
    }

    // The runtime's own threads may allocate now and then; a step that does, does so every time.
    private static void AllocatesNothing(Action steps)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long before = GC.GetTotalAllocatedBytes(true);
            steps();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(true) - before);
        }
        Assert.Equal(0, least);
    }

    // The same batch, so many times.
    private static void Again(Session session, int count)
    {
        for (int i = 0; i < count; i++)
        {
            session.Runtime.Submit(session.Batch);
            Assert.True(session.Runtime.Wait());
        }
    }

    private static void AllocatesNothing(Session session)
    {
        session.Add(0, [.. Enumerable.Range(0, 20)]);
        session.Run();
        int[] token = [7];
        Decode(40);
        AllocatesNothing(() => Decode(50));

        void Decode(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                session.Add(0, token);
                session.Runtime.Submit(session.Batch);
                Assert.True(session.Runtime.Wait());
                session.Batch.Clear();
            }
        }
    }
}
