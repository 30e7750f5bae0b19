using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>Rotations that depend on a sequence's planned length. The ledger hashes them into its logits and refuses a row that sees an entry of another rotation.</summary>
public sealed class RotationTests
{
    private const int Above = 100;

    private static readonly RopeTable s_long = new(RopePairing.Halves, [1], 1) { Long = new LongRope(Above, [0.5f], 1) };
    private static readonly RopeTable s_stretched = new(RopePairing.Halves, [1], 1) { Stretch = new RopeStretch(10_000, 2, Above) };

    [Theory]
    [InlineData(false), InlineData(true)]
    public void A_batch_of_short_and_long_sequences_gives_each_what_it_gets_alone(bool stretched)
    {
        using LedgerEngine ledger = new(model: Model(stretched ? s_stretched : s_long));
        (int[] Prompt, int Tokens)[] requests = [.. Enumerable.Range(0, 12).Select(i => (LedgerEngine.Prompt(i, 10 + 13 * i), 20 + i % 3 * 30))];
        GenerationStream[] streams = [.. requests.Select(r => ledger.Submit(r.Prompt, r.Tokens))];
        ledger.Run();
        Assert.True(requests.Count(r => r.Prompt.Length + r.Tokens > Above) is > 2 and < 10);
        Assert.Contains(ledger.Records, r => r.DecodeRows > 8);
        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(Expected(ledger, requests[i].Prompt, requests[i].Tokens), LedgerEngine.Read(streams[i]));
        ledger.AssertClean();
    }

    [Fact]
    public void The_planned_length_matters_to_the_ledger()
    {
        LedgerModel model = Model(s_long), stretched = Model(s_stretched);
        int[] prompt = LedgerEngine.Prompt(1, 40);
        Assert.Equal(model.Expected(prompt), model.Expected(prompt, Above));
        Assert.NotEqual(model.Expected(prompt), model.Expected(prompt, Above + 1));
        Assert.Equal(model.Expected(prompt, Above + 1), model.Expected(prompt, 500));
        Assert.NotEqual(stretched.Expected(prompt, Above + 1), stretched.Expected(prompt, Above + 2));
    }

    [Fact]
    public void Preemption_keeps_the_planned_length()
    {
        using LedgerEngine ledger = new(blocks: 16, model: Model(s_stretched));
        (int[] Prompt, int Tokens)[] requests = [.. Enumerable.Range(0, 6).Select(i => (LedgerEngine.Prompt(i, 20), 60 + 20 * i))];
        GenerationStream[] streams = [.. requests.Select(r => ledger.Submit(r.Prompt, r.Tokens))];
        ledger.Run();
        Assert.True(ledger.Records.Sum(r => r.Preempted) > 0);
        for (int i = 0; i < requests.Length; i++)
            Assert.Equal(Expected(ledger, requests[i].Prompt, requests[i].Tokens), LedgerEngine.Read(streams[i]));
        ledger.AssertClean();
    }

    [Fact]
    public void Prompts_share_within_a_rotation_and_not_across()
    {
        using LedgerEngine ledger = new(model: Model(s_long));
        int[] prompt = LedgerEngine.Prompt(1, 70);
        Assert.Equal(0, Cached(ledger, prompt, 5));
        Assert.Equal(64, Cached(ledger, prompt, 30));
        Assert.Equal(0, Cached(ledger, prompt, 31));
        Assert.Equal(64, Cached(ledger, prompt, 200));
        Assert.Equal(64, Cached(ledger, prompt, 5));
        ledger.AssertClean();
    }

    [Fact]
    public void Stretched_prompts_share_with_those_of_the_same_length_only()
    {
        using LedgerEngine ledger = new(model: Model(s_stretched));
        int[] prompt = LedgerEngine.Prompt(1, 70);
        Assert.Equal(0, Cached(ledger, prompt, 40));
        Assert.Equal(0, Cached(ledger, prompt, 41));
        Assert.Equal(64, Cached(ledger, prompt, 40));
        Assert.Equal(0, Cached(ledger, prompt, 30));
        Assert.Equal(64, Cached(ledger, prompt, 7));
        ledger.AssertClean();
    }

    [Fact]
    public void Choices_rotate_as_their_prompt_did()
    {
        using LedgerEngine ledger = new(model: Model(s_long));
        int[] prompt = LedgerEngine.Prompt(1, 70);
        IReadOnlyList<GenerationStream> streams = ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = 60, Choices = 3, Sampling = LedgerEngine.Greedy });
        ledger.Run();
        foreach (GenerationStream stream in streams)
            Assert.Equal(Expected(ledger, prompt, 60), LedgerEngine.Read(stream));
        ledger.AssertClean();
    }

    [Fact]
    public void A_context_that_the_user_gave_is_the_plan_of_every_sequence()
    {
        using LedgerEngine ledger = new(model: Model(s_stretched), plannedContext: 300);
        int[] prompt = LedgerEngine.Prompt(1, 70);
        GenerationStream first = ledger.Submit(prompt, 5), second = ledger.Submit(prompt, 90);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 5, planned: 300), LedgerEngine.Read(first));
        Assert.Equal(ledger.Model.Greedy(prompt, 90, planned: 300), LedgerEngine.Read(second));
        Assert.Equal(64, Cached(ledger, prompt, 17));
        ledger.AssertClean();
    }

    [Fact]
    public async Task Sequences_keep_their_plan_while_another_engine_takes_over()
    {
        LedgerModel model = Model(s_long);
        using LedgerEngine old = new(model: model, plannedContext: 500), fresh = new(model: model);
        int[] prompt = LedgerEngine.Prompt(1, 20);
        GenerationStream running = old.Submit(prompt, 30);
        for (int i = 0; i < 5; i++)
            old.Engine.Step();
        Task drained = old.Engine.DrainAsync(TestContext.Current.CancellationToken);
        GenerationStream next = fresh.Submit(prompt, 30);
        while (old.Engine.Step() | fresh.Engine.Step())
        {
        }
        await drained;
        Assert.Equal(model.Greedy(prompt, 30, planned: 500), LedgerEngine.Read(running));
        Assert.Equal(model.Greedy(prompt, 30, planned: 50), LedgerEngine.Read(next));
        old.AssertClean();
        fresh.AssertClean();
    }

    private static LedgerModel Model(RopeTable rotation) => new(ByteTokenizer.Size, null, [ByteTokenizer.Eos, ByteTokenizer.Eot], rotation: rotation);

    private static int[] Expected(LedgerEngine ledger, int[] prompt, int tokens) =>
        ledger.Model.Greedy(prompt, tokens, planned: ledger.Engine.Composition.PlannedContext ?? prompt.Length + tokens);

    private static int Cached(LedgerEngine ledger, int[] prompt, int tokens)
    {
        GenerationStream stream = ledger.Submit(prompt, tokens);
        ledger.Run();
        Assert.Equal(Expected(ledger, prompt, tokens), LedgerEngine.Read(stream));
        return stream.CachedTokens;
    }
}
