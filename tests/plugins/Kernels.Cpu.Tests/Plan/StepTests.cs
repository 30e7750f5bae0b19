using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Plan;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Plan;

public unsafe class StepTests
{
    [Fact]
    public void An_aborted_step_is_given_up_and_the_next_one_is_right()
    {
        using RandomModel model = new(new ModelShape());
        int[] tokens = model.Tokens(30);
        using Session untouched = new(model.Graph, model.Registry);
        float[][] expected = untouched.Feed(0, tokens, 30);
        foreach (int lanes in (int[])[1, 3])
        {
            using Session session = new(model.Graph, model.Registry, lanes: lanes);
            session.Add(0, tokens);
            session.Batch.Abort = true;
            session.Runtime.Submit(session.Batch);
            Assert.False(session.Runtime.Wait());
            Assert.Throws<TesseraException>(() => (nint)session.Runtime.Logits(0));
            session.Batch.Abort = false;
            Difference.None(expected, session.Run(), "the batch again");
        }
    }

    [Fact]
    public void Lanes_agree_on_an_abort_that_comes_at_any_time()
    {
        using RandomModel model = new(new ModelShape { Layers = 4 });
        using Session session = new(model.Graph, model.Registry, lanes: 4);
        session.Add(0, model.Tokens(64), RowOutputs.None);
        int finished = 0, given = 0;
        for (int i = 0; i < 60; i++)
        {
            session.Batch.Abort = false;
            using ManualResetEventSlim go = new();
            int spins = i * 2000;
            Thread aborter = new(() =>
            {
                go.Wait();
                Thread.SpinWait(spins);
                session.Batch.Abort = true;
            });
            aborter.Start();
            go.Set();
            session.Runtime.Submit(session.Batch);
            // The team fails when its lanes do not meet the same barriers.
            _ = session.Runtime.Wait() ? finished++ : given++;
            aborter.Join();
        }
        Assert.Equal(60, finished + given);
    }

    [Theory, InlineData(1, 5), InlineData(2, 7), InlineData(3, 2), InlineData(4, 33), InlineData(2, 0)]
    public void Lanes_take_their_part_in_order_and_then_what_others_left(int lanes, int items)
    {
        using NativeArena arena = new();
        RuntimeLimits limits = new() { MaxRows = 1, MaxSequences = 1, MaxOutputs = 1, MaxContext = 16 };
        Step step = new(limits, [new Taken(ItemCounters.None), new Taken(ItemCounters.Parts)], lanes, 1, arena);
        for (int slow = 0; slow < lanes; slow++)
        {
            using Batch batch = new(limits, groups: 1);
            step.Begin(batch);
            List<int> taken = [];
            int first = items * slow / lanes, end = items * (slow + 1) / lanes;
            // One item for the slow lane, all others for the next.
            int own = step.NextOfPart(1, slow, items);
            Assert.Equal(first < end ? first : own, own);
            int fast = (slow + 1) % lanes;
            for (int item = step.NextOfPart(1, fast, items); item < items; item = step.NextOfPart(1, fast, items))
                taken.Add(item);
            Assert.Equal(items, step.NextOfPart(1, slow, items));
            if (lanes > 1 && items >= lanes)
                Assert.Equal(Enumerable.Range(items * fast / lanes, items * (fast + 1) / lanes - items * fast / lanes), taken.Take(items * (fast + 1) / lanes - items * fast / lanes));
            if (own < items)
                taken.Add(own);
            Assert.Equal(Enumerable.Range(0, items), taken.Order());
        }
    }

    /// <summary>A counter that is raised takes its cache line from whoever raised it last.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(8)]
    public void Parts_that_are_used_up_are_not_counted_any_more(int lanes)
    {
        using NativeArena arena = new();
        RuntimeLimits limits = new() { MaxRows = 1, MaxSequences = 1, MaxOutputs = 1, MaxContext = 16 };
        Step step = new(limits, [new Taken(ItemCounters.Parts)], lanes, 1, arena);
        using Batch batch = new(limits, groups: 1);
        step.Begin(batch);
        int items = 3 * lanes;
        for (int taken = 0; taken < items; taken++)
            step.NextOfPart(0, taken % lanes, items);
        for (int lane = 0; lane < lanes; lane++)
            Assert.Equal(items, step.NextOfPart(0, lane, items));
        Assert.Equal(items, Sum(step));
    }

    [Fact]
    public void Only_stages_that_count_have_counters_and_a_step_begins_with_none_counted()
    {
        const int Lanes = 4, Line = 16;
        using NativeArena arena = new();
        RuntimeLimits limits = new() { MaxRows = 1, MaxSequences = 1, MaxOutputs = 1, MaxContext = 16 };
        Step step = new(limits, [new Taken(ItemCounters.None), new Taken(ItemCounters.Shared), new Taken(ItemCounters.None), new Taken(ItemCounters.Parts)], Lanes, 1, arena);
        Assert.Equal((1 + Lanes) * Line, step.Counters.Length);
        using Batch batch = new(limits, groups: 1);
        for (int round = 0; round < 2; round++)
        {
            step.Begin(batch);
            Assert.Equal([0, 1, 2], Enumerable.Range(0, 3).Select(_ => step.Next(1)));
            Assert.Equal([0, 2, 4, 6], Enumerable.Range(0, Lanes).Select(lane => step.NextOfPart(3, lane, 2 * Lanes)));
            Assert.Equal(3 + Lanes, Sum(step));
        }
    }

    private static int Sum(Step step)
    {
        int sum = 0;
        foreach (int count in step.Counters)
            sum += count;
        return sum;
    }

    [Fact]
    public void Outputs_are_those_that_were_asked_for()
    {
        using RandomModel model = new(new ModelShape());
        int[] tokens = model.Tokens(6);
        using Session session = new(model.Graph, model.Registry);
        float[][] all = session.Feed(0, tokens, 6);
        session.Add(1, tokens.AsSpan(0, 2), RowOutputs.None);
        session.Add(1, tokens.AsSpan(2, 1), RowOutputs.Hidden);
        session.Add(1, tokens.AsSpan(3, 1), RowOutputs.Logits);
        session.Add(1, tokens.AsSpan(4, 2), RowOutputs.Logits | RowOutputs.Hidden);
        float[][] some = session.Run();
        Difference.None(all[3..], some, "rows 3 to 5");
        Assert.Throws<TesseraException>(() => (nint)session.Runtime.Logits(3));
        Assert.Throws<TesseraException>(() => (nint)session.Runtime.Hidden(3));
        // The head is the embedding: logits are its rows times the hidden state.
        float[] embedding = new float[model.Shape.Vocabulary * model.Shape.Width];
        EmbedNode embed = (EmbedNode)model.Graph.Nodes[0];
        model.Registry.Find("f32")!.Dequantize(embed.Weight, 0, model.Shape.Vocabulary, embedding);
        float* hidden = session.Runtime.Hidden(1);
        for (int token = 0; token < model.Shape.Vocabulary; token++)
        {
            double logit = 0;
            for (int i = 0; i < model.Shape.Width; i++)
                logit += (double)embedding[token * model.Shape.Width + i] * hidden[i];
            Assert.Equal(logit, some[1][token], 1e-4);
        }
    }

    [Fact]
    public void Scratch_memory_is_small_beside_the_outputs_and_the_cache()
    {
        using RandomModel model = new(new ModelShape());
        FixedBudget budget = new();
        using Session session = new(model.Graph, model.Registry, Session.Limits(), lanes: 2, budget: budget, blocks: 64);
        Assert.Equal(64 * session.Runtime.BlockBytes(0), budget.Reserved);
        // 160 rows: outputs (112 + 64), stream, queries, keys, values, attention, gate and up, their prepared rows, rotations.
        Assert.InRange(session.Runtime.ScratchBytes, 160 * 4 * 176, 160 * 4 * (176 + 64 * 4 + 32 * 2 + 96 * 3 + 32) + 400_000);
    }

    [Fact]
    public void Disposing_gives_the_cache_back()
    {
        using RandomModel model = new(new ModelShape());
        FixedBudget budget = new();
        Session session = new(model.Graph, model.Registry, budget: budget);
        Assert.True(budget.Reserved > 0);
        session.Dispose();
        Assert.Equal(0, budget.Reserved);
        Assert.Throws<ObjectDisposedException>(() => session.Runtime.TryGrow(0, 1));
    }

    private sealed class Taken(ItemCounters counters) : Stage
    {
        public override ItemCounters Counters => counters;

        public override void Run(Lane lane, Step step)
        {
        }
    }
}
