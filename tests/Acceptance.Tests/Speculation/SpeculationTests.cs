using Tessera.Acceptance.Tests.RealModel;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Host.Compute;

namespace Tessera.Acceptance.Tests.Speculation;

/// <summary>The product's drafts on the real model: greedy output and its log-probabilities are plain decoding's, for every source, on every recorded prompt.</summary>
public sealed class SpeculationTests(PlainOutputs outputs) : IClassFixture<PlainOutputs>
{
    internal const int Tokens = 32, Context = 1600;
    private const string Plugin = "spec.decoding", AllSources = "prediction, lookup, suffix, draft";
    private const int Neighbours = 15, Undrafted = 4;

    internal static EngineOptions Options => new() { TuneDrafts = false, StepMs = 1_000_000, MemoryPatience = TimeSpan.Zero, DraftBudget = TimeSpan.FromSeconds(10), DraftPatience = TimeSpan.FromMinutes(5) };

    /// <summary>A source on all prompts: each alone, then all of them from the first step on, four of which are not drafted for.</summary>
    [Theory]
    [InlineData("lookup"), InlineData("suffix"), InlineData("prediction"), InlineData("draft")]
    public async Task Greedy_output_is_the_same_with_and_without_drafts(string source)
    {
        Goldens goldens = Goldens.Require();
        Generation[] plain = await outputs.GetAsync(goldens);
        await using HostStack stack = Stack(source);
        // The real model drafts for itself: no smaller one with its vocabulary is there.
        await using SteppedEngine spec = new(Compose(stack, goldens.Model, source == "draft"), Options);
        for (int i = 0; i < plain.Length; i++)
        {
            GenerationStream alone = spec.Engine.Submit(Request(goldens.List[i].Ids, plain[i], speculative: true))[0];
            spec.Run();
            AssertPlain(plain[i], alone, $"{goldens.List[i].Name}, alone");
        }
        (int drafted, int accepted) = Assert.Single(spec.Drafts).Value;
        Assert.Equal(1, spec.DraftedSequences.Max());
        spec.Clear();
        // Their prompts are in the prefix cache now: one step takes the rest of all.
        GenerationStream[] all = [.. goldens.List.Select((c, i) => spec.Engine.Submit(Request(c.Ids, plain[i], speculative: i % 5 != 4))[0])];
        spec.Run();
        for (int i = 0; i < all.Length; i++)
        {
            AssertPlain(plain[i], all[i], $"{goldens.List[i].Name}, with neighbours");
            Assert.True(i % 5 != 4 || all[i].DraftedTokens == 0);
        }
        Assert.Equal((0, all.Length), (spec.Records[0].DecodeRows, spec.Records[0].Running));
        // A sequence alone may have nothing to look up; all the others can be drafted for at once, but for the draft model, which catches up on long prompts while short outputs end.
        int most = Assert.Single(spec.Drafts).Value.Drafted > 0 ? spec.DraftedSequences.Max() : 0;
        Assert.InRange(most, source switch { "prediction" => all.Length - Undrafted, "draft" => 6, _ => 2 }, all.Length - Undrafted);
        Assert.Contains(spec.Records.Zip(spec.DraftedSequences), s => s.First.DecodeRows == all.Length && s.Second > 0);
        Assert.True(drafted > 100 && accepted > 0, $"{accepted} of {drafted} draft tokens");
        Assert.Equal(0, spec.Engine.Speculation!.Faults);
        TestContext.Current.TestOutputHelper?.WriteLine($"{source}: alone {accepted} of {drafted} draft tokens accepted; at once {spec.Drafts[source].Accepted} of {spec.Drafts[source].Drafted}, for up to {most} sequences in a step");
    }

    /// <summary>In a step are 16 sequences with drafts of all sources and 4 others; told twice, so that there are recent outputs too.</summary>
    [Fact]
    public async Task Fifteen_neighbours_of_mixed_sources_change_nothing()
    {
        Goldens goldens = Goldens.Require();
        Generation[] plain = await outputs.GetAsync(goldens);
        int[] drafting = [.. Enumerable.Range(0, plain.Length).OrderBy(i => goldens.List[i].Ids.Length).Take(Neighbours + 1)];
        await using HostStack stack = Stack(AllSources, maxDraft: 4);
        await using SteppedEngine spec = new(Compose(stack, goldens.Model, draft: true), Options);
        for (int round = 0; round < 2; round++)
        {
            spec.Clear();
            GenerationStream Submit(int index, bool speculative, bool predicted) => spec.Engine.Submit(Request(goldens.List[index].Ids, predicted ? plain[index] : null, speculative))[0];
            GenerationStream[] others = [.. drafting.Take(Undrafted).Select(i => Submit(i, speculative: false, predicted: true))];
            GenerationStream[] streams = [.. drafting.Select((index, i) => Submit(index, speculative: true, predicted: i % 4 == 0))];
            spec.Run();
            for (int i = 0; i < streams.Length; i++)
                AssertPlain(plain[drafting[i]], streams[i], $"{goldens.List[drafting[i]].Name}, round {round}");
            for (int i = 0; i < others.Length; i++)
            {
                AssertPlain(plain[drafting[i]], others[i], $"{goldens.List[drafting[i]].Name}, not drafted for, round {round}");
                Assert.Equal(0, others[i].DraftedTokens);
            }
            Assert.Equal((0, Neighbours + 1 + Undrafted), (spec.Records[0].DecodeRows, spec.Records[0].Running));
            Assert.Contains(spec.Records.Zip(spec.DraftedSequences), s => s.First.DecodeRows == Neighbours + 1 + Undrafted && s.Second == Neighbours + 1);
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", spec.Drafts.Select(d => $"{d.Key}: {d.Value.Accepted} of {d.Value.Drafted}")));
        Assert.Equal(AllSources.Split(", ").Order(StringComparer.Ordinal), spec.Drafts.Keys);
        Assert.Equal(0, spec.Engine.Speculation!.Faults);
    }

    [Fact]
    public async Task Sequences_that_push_each_other_out_give_the_same()
    {
        Goldens goldens = Goldens.Require();
        Generation[] plain = await outputs.GetAsync(goldens);
        await using HostStack stack = Stack("prediction, lookup, suffix");
        int[] some = [.. Enumerable.Range(0, plain.Length).Where(i => goldens.List[i].Ids.Length < 200).Take(8)];
        using Composition probe = stack.Build(goldens.Model, ActivationPrecision.Fast, Context);
        long block = Enumerable.Range(0, probe.Graph.CacheGroups.Count).Sum(probe.Runtime.BlockBytes);
        // Blocks for the prompts and little of the output: how little makes them meet depends on how long the drafts are.
        long prompts = some.Sum(i => (goldens.List[i].Ids.Length + 15) / 16);
        int preempted = 0, accepted = 0;
        foreach (int more in (int[])[3, 5, 7, 9])
        {
            await using SteppedEngine spec = new(Compose(stack, goldens.Model, draft: false, new SharedBudget((prompts + more) * block)), Options);
            GenerationStream[] streams = [.. some.Select(i => spec.Engine.Submit(Request(goldens.List[i].Ids, plain[i], speculative: true))[0])];
            spec.Run();
            for (int i = 0; i < some.Length; i++)
                AssertPlain(plain[some[i]], streams[i], goldens.List[some[i]].Name);
            preempted += spec.Records.Sum(r => r.Preempted);
            accepted += spec.Records.Sum(r => r.Accepted);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{preempted} preemptions, {accepted} draft tokens accepted");
        Assert.True(preempted > 0, "no sequence was preempted");
        Assert.True(accepted > 120, $"{accepted} draft tokens accepted");
    }

    /// <summary>The draft model has memory while there is some; when more sequences come it has to give it up, and they push each other out all the same.</summary>
    [Fact]
    public async Task A_draft_model_that_has_to_give_its_memory_up_changes_nothing()
    {
        Goldens goldens = Goldens.Require();
        Generation[] plain = await outputs.GetAsync(goldens);
        await using HostStack stack = Stack("draft", maxDraft: 4);
        int[] some = [.. Enumerable.Range(0, plain.Length).Where(i => goldens.List[i].Ids.Length < 200).Take(8)];
        using Composition probe = stack.Build(goldens.Model, ActivationPrecision.Fast, Context);
        long block = Enumerable.Range(0, probe.Graph.CacheGroups.Count).Sum(probe.Runtime.BlockBytes);
        long prompts = some.Sum(i => (goldens.List[i].Ids.Length + 15) / 16);
        int preempted = 0, accepted = 0;
        foreach (int more in (int[])[0, 1, 2, 4])
        {
            SharedBudget budget = new((prompts + more) * block);
            await using SteppedEngine spec = new(Compose(stack, goldens.Model, draft: true, budget), Options);
            GenerationStream Submit(int i) => spec.Engine.Submit(Request(goldens.List[i].Ids, null, speculative: true))[0];
            List<GenerationStream> streams = [.. some.Take(2).Select(Submit)];
            for (int steps = 0; steps < 3; steps++)
                spec.Engine.Step();
            int early = spec.Records.Sum(r => r.Accepted);
            Assert.True(early > 0, "no draft token was accepted while there was memory");
            streams.AddRange(some.Skip(2).Select(Submit));
            spec.Run();
            for (int i = 0; i < some.Length; i++)
                AssertPlain(plain[some[i]], streams[i], goldens.List[some[i]].Name);
            preempted += spec.Records.Sum(r => r.Preempted);
            accepted += spec.Records.Sum(r => r.Accepted);
            Assert.Equal(0, spec.Engine.Speculation!.Faults);
            Assert.Equal(0, spec.Engine.Load.BlocksUsed);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{preempted} preemptions, {accepted} draft tokens accepted");
        Assert.True(preempted > 0, "no sequence was preempted");
    }

    private static void AssertPlain(Generation plain, GenerationStream stream, string what)
    {
        Generation found = SteppedEngine.Read(stream);
        Assert.True(plain.Tokens.SequenceEqual(found.Tokens), $"{what}: {string.Join(' ', found.Tokens)}, without drafts {string.Join(' ', plain.Tokens)}");
        Assert.Equal(plain.LogProbabilities, found.LogProbabilities);
    }

    /// <summary>The prediction is the output with every eighth token wrong.</summary>
    private static GenerationRequest Request(int[] prompt, Generation? predicted, bool speculative) => new()
    {
        Prompt = prompt,
        MaxTokens = Tokens,
        Sampling = new SamplingOptions { Temperature = 0 },
        IgnoreEndTokens = true,
        TopLogProbabilities = 0,
        Speculative = speculative,
        Prediction = predicted?.Tokens.Select((t, i) => i % 8 == 5 ? t ^ 1 : t).ToArray(),
    };

    /// <summary>The host with a choice of the plugin's sources.</summary>
    private static HostStack Stack(string sources, int maxDraft = 8) =>
        new(null, ("TESSERA__PLUGINS__OPTIONS__SPEC_DECODING__SOURCES", sources), ("TESSERA__PLUGINS__OPTIONS__SPEC_DECODING__MAXDRAFT", $"{maxDraft}"));

    private static Composition Compose(HostStack stack, string model, bool draft, IMemoryBudget? kv = null) =>
        stack.Builder(kv).Build(HostStack.Entry(model, ActivationPrecision.Fast, Context) with { Decoding = Plugin, Draft = draft ? model : null });
}
