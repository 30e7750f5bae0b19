using Tessera.Conformance.Fakes;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Scheduling;

namespace Tessera.Engine.Tests.Scheduling;

public sealed class SchedulerTests
{
    [Theory]
    [InlineData(0), InlineData(1), InlineData(7), InlineData(64)]
    public void One_prompt_gives_the_expected_tokens_whatever_the_chunk(int chunk)
    {
        using LedgerEngine ledger = new(new EngineOptions { PrefillChunk = chunk });
        int[] prompt = LedgerEngine.Prompt(1, 100);
        GenerationStream stream = ledger.Submit(prompt, 40);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 40), LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.Length, stream.FinishReason);
        Assert.Equal(chunk == 0 ? 40 : (100 + chunk - 1) / chunk + 39, ledger.Records.Count);
        ledger.AssertClean();
    }

    [Fact]
    public void Eight_streams_take_fewer_than_a_quarter_as_many_steps_as_tokens()
    {
        using LedgerEngine ledger = new();
        int[][] prompts = [.. Enumerable.Range(0, 8).Select(i => LedgerEngine.Prompt(i, 10 + 30 * i))];
        GenerationStream[] streams = [.. prompts.Select(p => ledger.Submit(p, 50))];
        ledger.Run();
        for (int i = 0; i < 8; i++)
            Assert.Equal(ledger.Model.Greedy(prompts[i], 50), LedgerEngine.Read(streams[i]));
        Assert.Equal(400, ledger.Records.Sum(r => r.Emitted));
        Assert.True(ledger.Records.Count * 4 < 400, $"{ledger.Records.Count} steps for 400 tokens");
        ledger.AssertClean();
    }

    [Fact]
    public void A_step_holds_rows_of_prompts_and_of_decoding_sequences()
    {
        using LedgerEngine ledger = new();
        GenerationStream first = ledger.Submit(LedgerEngine.Prompt(1, 20), 30);
        ledger.Engine.Step();
        GenerationStream second = ledger.Submit(LedgerEngine.Prompt(2, 200), 5);
        ledger.Run();
        Assert.Contains(ledger.Records, r => r is { PrefillRows: > 0, DecodeRows: > 0 });
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(1, 20), 30), LedgerEngine.Read(first));
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(2, 200), 5), LedgerEngine.Read(second));
        ledger.AssertClean();
    }

    [Fact]
    public void A_long_prompt_takes_no_more_time_in_a_step_than_its_neighbours_may_wait()
    {
        using LedgerEngine ledger = new(new EngineOptions { StepMs = 100 });
        ledger.Backend.OnStep = batch => ledger.Time.Advance(TimeSpan.FromMilliseconds(5 + 2 * batch.RowCount));
        ledger.Submit(LedgerEngine.Prompt(1, 20), 200);
        ledger.Engine.Step();
        ledger.Submit(LedgerEngine.Prompt(2, 900), 5);
        ledger.Run();
        List<StepRecord> mixed = [.. ledger.Records.Where(r => r is { PrefillRows: > 0, DecodeRows: > 0 })];
        Assert.InRange(mixed.Count, 900 / 50, 900 / 30);
        Assert.All(mixed, r => Assert.InRange(r.Elapsed.TotalMilliseconds, 0, 110));
        ledger.AssertClean();
    }

    [Fact]
    public void A_prompt_alone_is_not_cut_by_time()
    {
        using LedgerEngine ledger = new(new EngineOptions { StepMs = 1 });
        ledger.Backend.OnStep = batch => ledger.Time.Advance(TimeSpan.FromMilliseconds(10 * batch.RowCount));
        ledger.Submit(LedgerEngine.Prompt(1, 900), 1);
        ledger.Run();
        Assert.Equal([512, 388], ledger.Records.Select(r => r.PrefillRows));
    }

    [Fact]
    public void Requests_start_in_the_order_in_which_they_came()
    {
        using LedgerEngine ledger = new(new EngineOptions { MaxSequences = 2 });
        List<int> started = [];
        GenerationStream[] streams = [.. Enumerable.Range(0, 10).Select(i => ledger.Submit(LedgerEngine.Prompt(i, i % 3 == 0 ? 200 : 5), 3 + i % 4))];
        while (ledger.Engine.Step())
            for (int i = 0; i < streams.Length; i++)
                if (streams[i].Unread > 0 && !started.Contains(i))
                    started.Add(i);
        Assert.Equal(Enumerable.Range(0, 10), started);
        ledger.AssertClean();
    }

    [Fact]
    public void Blocks_that_run_out_preempt_the_latest_arrival_and_change_no_output()
    {
        using LedgerEngine ledger = new(new EngineOptions { MemoryPatience = TimeSpan.Zero }, blocks: 12);
        int[][] prompts = [.. Enumerable.Range(0, 4).Select(i => LedgerEngine.Prompt(i, 30))];
        GenerationStream[] streams = [.. prompts.Select(p => ledger.Submit(p, 80))];
        ledger.Run();
        for (int i = 0; i < 4; i++)
            Assert.Equal(ledger.Model.Greedy(prompts[i], 80), LedgerEngine.Read(streams[i]));
        Assert.True(ledger.Records.Sum(r => r.Preempted) > 0);
        ledger.AssertClean();
    }

    [Fact]
    public void A_request_that_can_never_fit_ends_with_an_error_and_the_next_one_runs()
    {
        using LedgerEngine ledger = new(new EngineOptions { MemoryPatience = TimeSpan.FromSeconds(1) }, blocks: 4);
        GenerationStream large = ledger.Submit(LedgerEngine.Prompt(1, 100), 5);
        GenerationStream small = ledger.Submit(LedgerEngine.Prompt(2, 20), 5);
        ledger.Run();
        Assert.Equal(FinishReason.None, large.FinishReason);
        ledger.Time.Advance(TimeSpan.FromSeconds(2));
        ledger.Run();
        Assert.Equal(FinishReason.Error, large.FinishReason);
        Assert.Contains("kv.memory", large.Error, StringComparison.Ordinal);
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(2, 20), 5), LedgerEngine.Read(small));
        ledger.AssertClean();
    }

    [Fact]
    public void A_sequence_that_outgrows_all_memory_ends_with_an_error_after_its_tokens()
    {
        using LedgerEngine ledger = new(blocks: 3);
        int[] prompt = LedgerEngine.Prompt(1, 20);
        GenerationStream stream = ledger.Submit(prompt, 100);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 29), LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.Error, stream.FinishReason);
        ledger.AssertClean();
    }

    [Fact]
    public void Memory_that_others_give_back_in_time_lets_a_request_run()
    {
        using LedgerEngine ledger = new(new EngineOptions { MemoryPatience = TimeSpan.FromSeconds(5) }, blocks: 2);
        int[] prompt = LedgerEngine.Prompt(1, 60);
        GenerationStream stream = ledger.Submit(prompt, 5);
        ledger.Run();
        ledger.Time.Advance(TimeSpan.FromSeconds(4));
        ledger.Run();
        Assert.Equal(0, stream.Unread);
        ledger.Budget.Limit *= 4;
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(prompt, 5), LedgerEngine.Read(stream));
        ledger.AssertClean();
    }

    [Fact]
    public void Cancelling_frees_blocks_at_the_next_step()
    {
        using LedgerEngine ledger = new();
        GenerationStream stream = ledger.Submit(LedgerEngine.Prompt(1, 100), 500);
        GenerationStream other = ledger.Submit(LedgerEngine.Prompt(2, 10), 3);
        ledger.Engine.Step();
        Assert.Equal(8, ledger.Engine.Load.BlocksUsed);
        stream.Cancel();
        ledger.Engine.Step();
        Assert.Equal(1, ledger.Engine.Load.BlocksUsed);
        LedgerEngine.Read(stream);
        Assert.Equal(FinishReason.Cancelled, stream.FinishReason);
        ledger.Run();
        Assert.Equal(3, LedgerEngine.Read(other).Length);
        ledger.AssertClean();
    }

    [Fact]
    public void A_step_is_given_up_only_when_nobody_wants_any_of_its_rows()
    {
        using LedgerEngine ledger = new();
        GenerationStream first = ledger.Submit(LedgerEngine.Prompt(1, 50), 500);
        GenerationStream second = ledger.Submit(LedgerEngine.Prompt(2, 50), 500);
        ledger.Engine.Step();
        ledger.Backend.OnStep = _ => first.Cancel();
        ledger.Engine.Step();
        Assert.Equal(0, ledger.Backend.Runtimes[0].Aborted);
        Assert.Equal(2, second.Unread);
        ledger.Backend.OnStep = _ => second.Cancel();
        ledger.Engine.Step();
        Assert.Equal(1, ledger.Backend.Runtimes[0].Aborted);
        Assert.Equal(2, second.Unread);
        ledger.Backend.OnStep = null;
        ledger.Run();
        GenerationStream third = ledger.Submit(LedgerEngine.Prompt(1, 50), 20);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(1, 50), 20), LedgerEngine.Read(third));
        ledger.AssertClean();
    }

    [Fact]
    public void Logits_that_are_not_numbers_fail_their_sequence_alone()
    {
        using LedgerEngine ledger = new();
        int[] good = [.. LedgerEngine.Prompt(1, 40).Where(t => t != 200)];
        int[] bad = [.. good, 200, 1, 2];
        ledger.Backend.NanToken = 200;
        GenerationStream first = ledger.Submit(good, 3);
        GenerationStream second = ledger.Submit(bad, 3);
        ledger.Run();
        Assert.Equal(FinishReason.Error, second.FinishReason);
        Assert.Contains("not numbers", second.Error, StringComparison.Ordinal);
        Assert.Equal(3, LedgerEngine.Read(first).Length);
        Assert.Null(ledger.Engine.Faulted);
        ledger.AssertClean();
    }

    [Fact]
    public async Task A_reader_is_woken_although_the_step_fails_behind_its_token()
    {
        using LedgerEngine ledger = new(onFault: (_, _) => { });
        ledger.Engine.IsOnTrial = true;
        ledger.Backend.NanToken = 200;
        int[] good = [.. LedgerEngine.Prompt(1, 40).Where(t => t != 200)];
        GenerationStream first = ledger.Submit(good, 3);
        ledger.Submit([.. good, 200, 1, 2], 3);
        Task<bool> read = first.WaitAsync(TestContext.Current.CancellationToken).AsTask();
        ledger.Run();
        Assert.True(ledger.Engine.IsHeld);
        Assert.True(await read.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_runtime_that_throws_ends_all_sequences_and_faults_the_engine()
    {
        using LedgerEngine ledger = new(new EngineOptions { MaxSequences = 1 });
        ledger.Backend.ThrowAtStep = 3;
        GenerationStream running = ledger.Submit(LedgerEngine.Prompt(1, 10), 10);
        GenerationStream waiting = ledger.Submit(LedgerEngine.Prompt(2, 10), 10);
        ledger.Run();
        Assert.Equal(2, LedgerEngine.Read(running).Length);
        Assert.Equal(FinishReason.Error, running.FinishReason);
        Assert.Equal(FinishReason.Error, waiting.FinishReason);
        Assert.Contains("step 3 throws", ledger.Engine.Faulted, StringComparison.Ordinal);
        Assert.Equal(ledger.Engine.Faulted, ledger.Engine.Load.Faulted);
        Assert.Throws<EngineFaultedException>(() => ledger.Submit([1], 1));
        Assert.Equal(0, ledger.Engine.Load.BlocksUsed);
    }

    [Fact]
    public void A_reader_that_stops_reading_is_cancelled_and_a_slow_one_is_not()
    {
        using LedgerEngine ledger = new(new EngineOptions { SlowReaderTimeout = TimeSpan.FromSeconds(10) });
        ledger.Time.Advance(TimeSpan.FromHours(1));
        GenerationStream slow = ledger.Submit(LedgerEngine.Prompt(1, 10), 900);
        GenerationStream dead = ledger.Submit(LedgerEngine.Prompt(2, 10), 900);
        for (int i = 0; i < 30; i++)
        {
            ledger.Engine.Step();
            ledger.Time.Advance(TimeSpan.FromSeconds(1));
            if (i % 8 == 0)
                Assert.True(slow.TryRead(out _, out _));
        }
        int left = LedgerEngine.Read(dead).Length;
        Assert.InRange(left, 10, 12);
        Assert.Equal(FinishReason.Cancelled, dead.FinishReason);
        Assert.Equal(26, slow.Unread);
        Assert.Equal(1, ledger.Engine.Load.Running);
        slow.Cancel();
        ledger.Run();
        ledger.AssertClean();
    }

    [Fact]
    public void End_tokens_stop_strings_and_zero_tokens_end_a_generation()
    {
        using LedgerEngine ledger = new();
        SamplingOptions toEnd = LedgerEngine.Greedy with { LogitBias = new Dictionary<int, float> { [ByteTokenizer.Eos] = 1000 } };
        GenerationStream end = ledger.Submit([1, 2, 3], 10, toEnd);
        GenerationStream past = ledger.Engine.Submit(new GenerationRequest { Prompt = [1, 2, 3], MaxTokens = 4, Sampling = toEnd, IgnoreEndTokens = true })[0];
        SamplingOptions letters = LedgerEngine.Greedy with { LogitBias = Enumerable.Range('a', 3).ToDictionary(c => c, _ => 1000f) };
        GenerationStream free = ledger.Submit([5], 60, letters);
        ledger.Run();
        int[] text = LedgerEngine.Read(free);
        string stop = new([.. text.AsSpan(20, 4).ToArray().Select(c => (char)c)]);
        string all = new([.. text.Select(c => (char)c)]);
        GenerationStream stopped = ledger.Engine.Submit(new GenerationRequest { Prompt = [5], MaxTokens = 60, Sampling = letters, Stop = ["zz", stop] })[0];
        GenerationStream none = ledger.Submit([7, 8], 0);
        ledger.Run();
        Assert.Equal([ByteTokenizer.Eos], LedgerEngine.Read(end));
        Assert.Equal(FinishReason.EndToken, end.FinishReason);
        Assert.Equal(4, LedgerEngine.Read(past).Length);
        Assert.Equal(FinishReason.Length, past.FinishReason);
        Assert.Equal(all.IndexOf(stop, StringComparison.Ordinal) + 4, LedgerEngine.Read(stopped).Length);
        Assert.Equal(FinishReason.StopString, stopped.FinishReason);
        Assert.Equal(FinishReason.Length, none.FinishReason);
        ledger.AssertClean();
    }

    [Fact]
    public void The_context_cuts_a_generation()
    {
        using LedgerEngine ledger = new(maxContext: 100);
        GenerationStream stream = ledger.Submit(LedgerEngine.Prompt(1, 90), 1000);
        ledger.Run();
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(1, 90), 10), LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.Length, stream.FinishReason);
        ledger.AssertClean();
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_model_before_the_samplers()
    {
        using LedgerEngine ledger = new();
        int[] prompt = LedgerEngine.Prompt(3, 30);
        SamplingOptions sampling = new() { Temperature = 0.1f, TopK = 3, Seed = 5, LogitBias = new Dictionary<int, float> { [9] = 3 } };
        GenerationStream stream = ledger.Engine.Submit(new GenerationRequest { Prompt = prompt, MaxTokens = 5, Sampling = sampling, TopLogProbabilities = 20 })[0];
        ledger.Run();
        List<int> tokens = [.. prompt];
        while (stream.TryRead(out GeneratedToken token, out ReadOnlySpan<TokenProbability> top))
        {
            float[] logits = ledger.Model.Expected(tokens);
            double sum = Math.Log(logits.Sum(l => Math.Exp(l)));
            (int Token, double Value)[] best = [.. logits.Select((l, i) => (i, l - sum)).OrderByDescending(p => p.Item2).ThenBy(p => p.i).Take(20)];
            Assert.Equal(best.Select(b => b.Token), top.ToArray().Select(t => t.Token));
            for (int i = 0; i < 20; i++)
                Assert.Equal(best[i].Value, top[i].LogProbability, 1e-5);
            Assert.Equal(logits[token.Token] - sum, token.LogProbability, 1e-5);
            tokens.Add(token.Token);
        }
        Assert.Equal(35, tokens.Count);
    }

    [Fact]
    public void What_failed_is_not_found_in_the_prefix_cache()
    {
        using LedgerEngine ledger = new(new EngineOptions { PrefillChunk = 64 });
        int[] prompt = [.. LedgerEngine.Prompt(1, 100).Where(t => t != 200), 200, 1, 2];
        ledger.Backend.NanToken = 200;
        GenerationStream bad = ledger.Submit(prompt, 3);
        ledger.Run();
        Assert.Equal(FinishReason.Error, bad.FinishReason);
        ledger.Backend.NanToken = -1;
        GenerationStream again = ledger.Submit(prompt, 3);
        ledger.Run();
        Assert.Equal(0, again.CachedTokens);
        Assert.Equal(ledger.Model.Greedy(prompt, 3), LedgerEngine.Read(again));
        ledger.AssertClean();
    }

    [Fact]
    public void Steps_that_are_given_up_advance_nothing_and_change_no_output()
    {
        using LedgerEngine ledger = new(new EngineOptions { PrefillChunk = 7 });
        Random random = new(4);
        ledger.Backend.OnStep = batch => batch.Abort |= random.Next(5) == 0;
        GenerationRequest request = new() { Prompt = LedgerEngine.Prompt(1, 20), MaxTokens = 30, Choices = 3, Sampling = LedgerEngine.Greedy };
        IReadOnlyList<GenerationStream> forked = ledger.Engine.Submit(request);
        GenerationStream single = ledger.Submit(LedgerEngine.Prompt(2, 40), 30);
        ledger.Run();
        Assert.All(forked, s => Assert.Equal(ledger.Model.Greedy(request.Prompt, 30), LedgerEngine.Read(s)));
        Assert.Equal(ledger.Model.Greedy(LedgerEngine.Prompt(2, 40), 30), LedgerEngine.Read(single));
        Assert.True(ledger.Backend.Runtimes[0].Aborted > 3);
        ledger.AssertClean();
    }
}
