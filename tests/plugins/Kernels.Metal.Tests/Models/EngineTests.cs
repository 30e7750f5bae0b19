using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Conformance.Fakes;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.MetalEmulator;
using Tessera.Spec.Decoding;

namespace Tessera.Kernels.Metal.Tests.Models;

/// <summary>Engines on Metal: what streams say does not depend on what runs beside them, on drafts, on blocks that they lose, or on a move to the processor and back.</summary>
public sealed class EngineTests
{
    private const string Name = "llama_gqa";
    private const int Tokens = 10;

    private static readonly SamplingOptions Drawn = new() { Temperature = 0.9f, TopK = 20, TopP = 0.95f, Seed = 7 };

    // Prompts of 5, 12 and 23 tokens; the second stream is drawn with a seed.
    private static readonly int[][] Prompts = [[1, 2, 3, 4, 5], [.. Enumerable.Range(10, 12)], [.. Enumerable.Range(40, 23)]];

    [Fact]
    public async Task A_stream_is_the_same_beside_others_as_alone_and_brings_no_logits_back()
    {
        using Stage stage = new();
        await using EngineBench together = stage.Metal();
        GenerationStream[] streams = [.. Prompts.Select((p, i) => together.Submit(p, Tokens, i == 1 ? Drawn : null))];
        together.Run();
        Assert.Contains(together.Records, r => r.DecodeRows == Prompts.Length);
        for (int i = 0; i < Prompts.Length; i++)
        {
            await using EngineBench alone = stage.Metal();
            GenerationStream stream = alone.Submit(Prompts[i], Tokens, i == 1 ? Drawn : null);
            alone.Run();
            Assert.Equal(EngineBench.Read(stream), EngineBench.Read(streams[i]));
        }
        Assert.Equal((0, Prompts.Length * Tokens), (together.Runtime!.LogitRows, together.Runtime.BestRows));
    }

    [Fact]
    public async Task What_is_chosen_on_the_device_is_what_is_drawn_from_logits()
    {
        using Stage stage = new();
        await using EngineBench chosen = stage.Metal(), whole = stage.Metal();
        foreach (SamplingOptions sampling in (SamplingOptions[])[EngineBench.Greedy, Drawn, Drawn with { TopK = 64, MinP = 0.05f, TypicalP = 0.9f }])
        {
            // Log-probabilities need all logits.
            GenerationStream one = chosen.Submit(Prompts[0], Tokens, sampling), other = whole.Submit(Prompts[0], Tokens, sampling, top: 2);
            chosen.Run();
            whole.Run();
            Assert.Equal(EngineBench.Read(other), EngineBench.Read(one));
        }
        Assert.Equal((0, 3 * Tokens), (chosen.Runtime!.LogitRows, chosen.Runtime.BestRows));
        Assert.Equal((3 * Tokens, 0), (whole.Runtime!.LogitRows, whole.Runtime.BestRows));
        GenerationStream many = chosen.Submit(Prompts[0], 2, Drawn with { TopK = 65 }), all = chosen.Submit(Prompts[0], 2, new SamplingOptions { Seed = 1 });
        chosen.Run();
        Assert.Equal((2, 2), (EngineBench.Read(many).Length, EngineBench.Read(all).Length));
        Assert.Equal(4, chosen.Runtime.LogitRows);
    }

    [Fact]
    public async Task Drafts_change_no_token()
    {
        using Stage stage = new();
        int[][] expected = await stage.Plain();
        FixedDrafts drafts = new(4, Prompts.Zip(expected, (p, e) => (IReadOnlyList<int>)[.. p, .. e])) { WrongEvery = 7, WrongToken = 3 };
        await using EngineBench bench = stage.Metal(drafts);
        Assert.Equal(expected, stage.Run(bench));
        Assert.True(drafts.Accepted > 5 && drafts.Accepted < drafts.Proposed, $"{drafts.Accepted} of {drafts.Proposed} drafts accepted");
        Assert.Empty(drafts.Problems);
        Assert.Equal(0, bench.Runtime!.LogitRows);
    }

    [Fact]
    public async Task A_draft_model_on_the_device_changes_no_token_and_hands_no_logits_out()
    {
        using Stage stage = new();
        int[][] expected = await stage.Plain();
        await using EngineBench bench = stage.Metal(DraftModelStrategy(), hasDraft: true);
        Assert.Equal(expected, stage.Run(bench));
        Assert.True(bench.Records.Sum(r => r.Accepted) > Tokens, $"{bench.Records.Sum(r => r.Accepted)} drafts accepted");
        // Drafts of a stream without a seed are drawn from several tokens each.
        GenerationStream drawn = bench.Submit(Prompts[0], Tokens, Drawn with { Seed = null });
        int before = bench.DraftRuntime!.BestRows;
        bench.Run();
        Assert.Equal(Tokens, EngineBench.Read(drawn).Length);
        Assert.True(bench.DraftRuntime.BestRows > before);
        Assert.Equal((0, 0), (bench.Runtime!.LogitRows, bench.DraftRuntime.LogitRows));
        Assert.Equal(0, bench.Engine.Speculation!.Faults);
    }

    [Fact]
    public async Task A_stream_that_loses_its_blocks_goes_on_where_it_was()
    {
        using Stage stage = new();
        int[][] expected = await stage.Plain();
        // Room for 14 blocks of 4 tokens: the three streams begin with 11 and would end with 18.
        await using EngineBench bench = stage.Metal(budget: new FixedBudget(14 * stage.BlockBytes));
        Assert.Equal(expected, stage.Run(bench));
        Assert.True(bench.Records.Sum(r => r.Preempted) > 0, "nothing was preempted");
    }

    [Fact]
    public async Task Streams_move_from_the_processor_to_the_device_and_back_while_they_run()
    {
        using Stage stage = new();
        await using EngineBench first = stage.Cpu(), second = stage.Metal(), third = stage.Cpu(), whole = stage.Cpu();
        int[][] expected = stage.Run(whole);
        GenerationStream[] streams = [.. Prompts.Select(p => first.Submit(p, Tokens))];
        await Move(first, second, streams, 4);
        await Move(second, third, streams, 4);
        third.Run();
        Assert.All(streams, s => Assert.Equal(2, s.Migrations));
        Assert.Equal(expected, streams.Select(EngineBench.Read));
        Assert.True(second.Runtime!.BestRows > 2 * Prompts.Length, $"{second.Runtime.BestRows} tokens came from the device");
        Assert.Equal(0, second.Engine.Load.BlocksCapacity);
    }

    // The strategy of <c>spec.decoding</c>, with no other source of drafts.
    private static IDecodingStrategy DraftModelStrategy()
    {
        ServiceCollection services = new();
        new SpecDecodingPlugin().Configure(services, new Dictionary<string, string> { ["sources"] = DraftSources.Model, ["maxDraft"] = "4", ["lookupMin"] = "2", ["lookupMax"] = "5", ["suffixTokens"] = "256" });
        using ServiceProvider provider = services.BuildServiceProvider();
        return provider.GetServices<IDecodingStrategy>().Single();
    }

    private static async Task Move(EngineBench from, EngineBench to, GenerationStream[] streams, int steps)
    {
        int[] before = [.. streams.Select(s => s.Unread)];
        for (int i = 0; i < steps; i++)
            Assert.True(from.Engine.Step());
        Assert.All(streams.Zip(before), s => Assert.InRange(s.First.Unread, s.Second + 1, Tokens - 1));
        Task<int> moved = from.Engine.HandOverAsync(to.Engine);
        from.Run();
        Assert.Equal(streams.Length, await moved);
    }

    /// <summary>The model, the emulator, and engines on both backends.</summary>
    private sealed class Stage : IDisposable
    {
        private const int Context = 64;
        private readonly EmulatorSession _session = Emulator.Begin();
        private readonly MetalBackend _metal = new(NullLogger.Instance);
        private readonly OpenedModel _model = new(TinyGolden.Require(Name).ModelPath, Context);

        public long BlockBytes { get; private set; }

        public EngineBench Metal(IDecodingStrategy? strategy = null, IMemoryBudget? budget = null, bool hasDraft = false) => new(_model, _metal, Context, strategy, budget, hasDraft: hasDraft);

        public EngineBench Cpu() => new(_model, OpenedModel.Cpu(), Context);

        /// <summary>The greedy streams of all prompts, beside each other.</summary>
        public int[][] Run(EngineBench bench)
        {
            GenerationStream[] streams = [.. Prompts.Select(p => bench.Submit(p, Tokens))];
            bench.Run();
            return [.. streams.Select(EngineBench.Read)];
        }

        /// <summary>The same without anything special.</summary>
        public async Task<int[][]> Plain()
        {
            await using EngineBench bench = Metal();
            BlockBytes = bench.Runtime!.BlockBytes(0);
            return Run(bench);
        }

        public void Dispose()
        {
            _metal.Dispose();
            _model.Dispose();
            _session.Dispose();
        }
    }
}
