using Tessera.Conformance.Fakes;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>One engine goes on with what another began: nothing is lost, written twice or drawn anew.</summary>
public sealed class HandoverTests
{
    private const int Tokens = 40;
    private static readonly SamplingOptions Drawn = new() { Temperature = 1.3f, Seed = 7, RepetitionPenalty = 1.2f, RepetitionWindow = 20, FrequencyPenalty = 0.3f };

    [Fact]
    public async Task Greedy_and_drawn_tokens_go_on_as_if_nothing_had_been()
    {
        using LedgerEngine first = new(), second = new();
        int[][] prompts = [.. Enumerable.Range(1, 6).Select(i => LedgerEngine.Prompt(i, 20 * i))];
        GenerationStream[] streams = [.. prompts.Select((p, i) => first.Submit(p, Tokens, i % 2 == 0 ? LedgerEngine.Greedy : Drawn))];
        for (int i = 0; i < 12; i++)
            first.Engine.Step();
        int[] before = [.. streams.Select(s => s.Unread)];
        Assert.All(before, b => Assert.InRange(b, 1, Tokens - 1));
        Task<int> moved = first.Engine.HandOverAsync(second.Engine);
        first.Run();
        Assert.Equal(prompts.Length, await moved);
        Assert.Equal(before, streams.Select(s => s.Unread));
        second.Run();
        for (int i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(first.Expected(prompts[i], Tokens, i % 2 == 0 ? LedgerEngine.Greedy : Drawn), LedgerEngine.Read(streams[i]));
            Assert.Equal((1, FinishReason.Length), (streams[i].Migrations, streams[i].FinishReason));
        }
        first.AssertClean();
        second.AssertClean();
        Assert.Equal(0, first.Engine.Load.BlocksCapacity);
        Assert.Equal(0, first.Budget.Reserved);
    }

    [Fact]
    public async Task What_waits_and_what_comes_later_runs_on_the_successor_alone()
    {
        using LedgerEngine first = new(maxSequences: 2, maxRows: 2), second = new(maxSequences: 2, maxRows: 2);
        GenerationStream[] streams = [.. Enumerable.Range(1, 4).Select(i => first.Submit(LedgerEngine.Prompt(i, 5), 10))];
        for (int i = 0; i < 8; i++)
            first.Engine.Step();
        Task<int> moved = first.Engine.HandOverAsync(second.Engine);
        first.Run();
        Assert.Equal(2, await moved);
        GenerationStream late = first.Submit(LedgerEngine.Prompt(9, 5), 10);
        Assert.False(first.Engine.Step());
        second.Run();
        Assert.Equal([1, 1, 0, 0, 0], streams.Append(late).Select(s => s.Migrations));
        for (int i = 0; i < 4; i++)
            Assert.Equal(first.Model.Greedy(LedgerEngine.Prompt(i + 1, 5), 10), LedgerEngine.Read(streams[i]));
        Assert.Equal(first.Model.Greedy(LedgerEngine.Prompt(9, 5), 10), LedgerEngine.Read(late));
        await first.Engine.DrainAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Choices_move_before_and_after_they_fork_off()
    {
        foreach (int steps in new[] { 1, 9 })
        {
            using LedgerEngine first = new(new EngineOptions { PrefillChunk = 16 }), second = new();
            int[] prompt = LedgerEngine.Prompt(3, 70);
            IReadOnlyList<GenerationStream> streams = first.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = Tokens, Sampling = Drawn, Choices = 3 });
            for (int i = 0; i < steps; i++)
                first.Engine.Step();
            Task<int> moved = first.Engine.HandOverAsync(second.Engine);
            first.Run();
            Assert.Equal(steps == 1 ? 1 : 3, await moved);
            second.Run();
            for (int choice = 0; choice < 3; choice++)
                Assert.Equal(first.Expected(prompt, Tokens, Drawn, choice), LedgerEngine.Read(streams[choice]));
            second.AssertClean();
        }
    }

    [Fact]
    public async Task Stop_strings_are_found_over_the_move()
    {
        using LedgerEngine first = new(), second = new();
        int[] prompt = LedgerEngine.Prompt(5, 30);
        int[] all = first.Model.Greedy(prompt, Tokens);
        // A byte's own text where the bytes are no characters cannot be spelled: look for a pair that can.
        int at = Enumerable.Range(8, Tokens - 10).First(i => all[i] is > 32 and < 127 && all[i + 1] is > 32 and < 127);
        string stop = $"{(char)all[at]}{(char)all[at + 1]}";
        GenerationStream stream = first.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = Tokens, Sampling = LedgerEngine.Greedy, Stop = [stop] })[0];
        while (stream.Unread <= at)
            Assert.True(first.Engine.Step());
        Task<int> moved = first.Engine.HandOverAsync(second.Engine);
        first.Run();
        await moved;
        second.Run();
        Assert.Equal(all[..(at + 2)], LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.StopString, stream.FinishReason);
    }

    [Fact]
    public async Task A_cancelled_one_ends_wherever_it_is()
    {
        using LedgerEngine first = new(), second = new();
        GenerationStream before = first.Submit(LedgerEngine.Prompt(1, 10), Tokens), after = first.Submit(LedgerEngine.Prompt(2, 10), Tokens);
        first.Engine.Step();
        Task<int> moved = first.Engine.HandOverAsync(second.Engine);
        before.Cancel();
        first.Run();
        await moved;
        after.Cancel();
        second.Run();
        LedgerEngine.Read(before);
        LedgerEngine.Read(after);
        Assert.Equal((FinishReason.Cancelled, FinishReason.Cancelled), (before.FinishReason, after.FinishReason));
        second.AssertClean();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_step_that_fails_is_taken_over(bool notNumbers)
    {
        string? fault = null;
        using LedgerEngine first = new(wrap: r => new FaultyRuntime(r, 6, notNumbers ? FaultyRuntime.Fault.NaN : FaultyRuntime.Fault.Throw, ByteTokenizer.Size), onFault: (_, text) => fault = text);
        using LedgerEngine second = new();
        first.Engine.IsOnTrial = notNumbers;
        GenerationStream[] streams = [.. Enumerable.Range(1, 3).Select(i => first.Submit(LedgerEngine.Prompt(i, 20), Tokens, i == 2 ? Drawn : LedgerEngine.Greedy))];
        first.Run();
        Assert.Contains(notNumbers ? "are not numbers" : "InvalidOperationException: no step today", fault, StringComparison.Ordinal);
        Assert.True(first.Engine.IsHeld);
        Assert.All(streams, s => Assert.Equal((5, FinishReason.None), (s.Unread, s.FinishReason)));
        // It is kept, and waits with the others.
        GenerationStream late = first.Submit(LedgerEngine.Prompt(8, 20), Tokens);
        Task<int> moved = first.Engine.HandOverAsync(second.Engine, mostFaults: 2);
        first.Run();
        Assert.Equal(3, await moved);
        second.Run();
        for (int i = 0; i < 3; i++)
            Assert.Equal(first.Expected(LedgerEngine.Prompt(i + 1, 20), Tokens, i == 1 ? Drawn : LedgerEngine.Greedy), LedgerEngine.Read(streams[i]));
        Assert.Equal(first.Model.Greedy(LedgerEngine.Prompt(8, 20), Tokens), LedgerEngine.Read(late));
        second.AssertClean();
    }

    [Fact]
    public async Task Who_was_part_of_too_many_failed_steps_ends_with_the_failure_and_others_go_on()
    {
        using LedgerEngine first = new(maxSequences: 2, maxRows: 8, wrap: r => new FaultyRuntime(r, 2, FaultyRuntime.Fault.Throw, ByteTokenizer.Size), onFault: (_, _) => { });
        using LedgerEngine second = new();
        GenerationStream[] streams = [.. Enumerable.Range(1, 3).Select(i => first.Submit(LedgerEngine.Prompt(i, 4), 10))];
        first.Run();
        Task<int> moved = first.Engine.HandOverAsync(second.Engine, mostFaults: 1);
        first.Run();
        Assert.Equal(0, await moved);
        second.Run();
        foreach (GenerationStream stream in streams[..2])
        {
            LedgerEngine.Read(stream);
            Assert.Equal(FinishReason.Error, stream.FinishReason);
            Assert.Equal("model 'ledger' has failed: InvalidOperationException: no step today", stream.Error);
        }
        Assert.Equal(first.Model.Greedy(LedgerEngine.Prompt(3, 4), 10), LedgerEngine.Read(streams[2]));
    }

    [Fact]
    public async Task An_engine_that_is_given_up_ends_everything_and_takes_nothing()
    {
        using LedgerEngine first = new(wrap: r => new FaultyRuntime(r, 2, FaultyRuntime.Fault.Throw, ByteTokenizer.Size), onFault: (_, _) => { });
        GenerationStream stream = first.Submit(LedgerEngine.Prompt(1, 4), 10);
        first.Run();
        Task done = first.Engine.GiveUpAsync();
        Assert.Throws<EngineFaultedException>(() => first.Submit(LedgerEngine.Prompt(2, 4), 10));
        first.Run();
        await done;
        LedgerEngine.Read(stream);
        Assert.Equal(FinishReason.Error, stream.FinishReason);
    }

    [Fact]
    public async Task A_step_that_hangs_loses_its_sequences_and_what_it_still_does_is_not_heeded()
    {
        FaultyRuntime? hanging = null;
        LedgerEngine first = new(wrap: r => hanging = new FaultyRuntime(r, 4, FaultyRuntime.Fault.Hang, ByteTokenizer.Size));
        using LedgerEngine second = new();
        Assert.Null(first.Engine.TakeAway(second.Engine, "nothing computes"));
        GenerationStream[] streams = [.. Enumerable.Range(1, 3).Select(i => first.Submit(LedgerEngine.Prompt(i, 20), Tokens, Drawn))];
        first.Engine.Start();
        hanging!.Hanging.Wait(TestContext.Current.CancellationToken);
        Assert.True(first.Engine.CallTime > TimeSpan.Zero);
        Assert.Equal(3, first.Engine.TakeAway(second.Engine, "it hangs"));
        Task disposed = first.Engine.DisposeAsync().AsTask();
        GenerationStream late = first.Submit(LedgerEngine.Prompt(9, 5), 10);
        second.Run();
        Assert.False(disposed.IsCompleted);
        hanging.GoOn.Set();
        await disposed;
        for (int i = 0; i < 3; i++)
            Assert.Equal(first.Expected(LedgerEngine.Prompt(i + 1, 20), Tokens, Drawn), LedgerEngine.Read(streams[i]));
        Assert.Equal(first.Model.Greedy(LedgerEngine.Prompt(9, 5), 10), LedgerEngine.Read(late));
        Assert.Equal("it hangs", first.Engine.Faulted);
        second.AssertClean();
    }

    [Fact]
    public void An_engine_that_is_too_small_is_refused()
    {
        using LedgerEngine first = new(), second = new(maxContext: 512);
        Assert.False(second.Engine.CanAdopt(first.Engine));
        Assert.True(first.Engine.CanAdopt(second.Engine));
        Assert.Throws<ArgumentException>(() => { _ = first.Engine.HandOverAsync(second.Engine); });
    }
}
