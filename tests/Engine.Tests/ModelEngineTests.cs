using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;
using Tessera.Engine.Tests.Scheduling;

namespace Tessera.Engine.Tests;

public sealed class ModelEngineTests
{
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public void An_engine_that_is_to_be_replaced_gives_memory_back_while_it_still_answers()
    {
        using LedgerEngine ledger = new();
        for (int seed = 1; seed < 4; seed++)
            ledger.Submit(LedgerEngine.Prompt(seed, 900), 1);
        ledger.Run();
        Assert.True(ledger.Engine.Load is { BlocksCached: > 100, BlocksCapacity: > 100 }, ledger.Engine.Load.ToString());
        ledger.Engine.ReturnMemory();
        ledger.Run();
        Assert.Equal((0, 0), (ledger.Engine.Load.BlocksCached, ledger.Engine.Load.BlocksCapacity));
        GenerationStream later = ledger.Submit(LedgerEngine.Prompt(9, 8), 3);
        ledger.Run();
        Assert.Equal(3, LedgerEngine.Read(later).Length);
        ledger.AssertClean();
        Assert.Equal(0, ledger.Engine.Load.BlocksCapacity);
    }

    [Fact]
    public async Task The_step_thread_serves_many_callers()
    {
        using LedgerEngine ledger = new(new EngineOptions { MaxSequences = 5 });
        ledger.Engine.Start();
        await Parallel.ForAsync(0, 24, async (i, _) =>
        {
            int[] prompt = LedgerEngine.Prompt(i, 10 + i);
            Assert.Equal(ledger.Model.Greedy(prompt, 40), await ReadAll(ledger.Submit(prompt, 40)));
        });
        await ledger.Engine.DrainAsync(Never);
        ledger.AssertClean();
    }

    [Fact]
    public async Task A_parked_engine_wakes_for_a_request_and_for_a_cancellation()
    {
        using LedgerEngine ledger = new();
        ledger.Engine.Start();
        Assert.Single(await ReadAll(ledger.Submit([1, 2, 3], 1)));
        using SemaphoreSlim inStep = new(0), go = new(0);
        ledger.Backend.OnStep = _ => { inStep.Release(); go.Wait(); };
        GenerationStream stream = ledger.Submit([1, 2, 3], 100);
        await inStep.WaitAsync();
        stream.Cancel();
        go.Release();
        Assert.Empty(await ReadAll(stream));
        Assert.Equal(FinishReason.Cancelled, stream.FinishReason);
        await ledger.Engine.DrainAsync(Never);
        ledger.AssertClean();
    }

    [Fact]
    public async Task Draining_refuses_new_requests_and_ends_with_the_last_one()
    {
        using LedgerEngine ledger = new();
        GenerationStream stream = ledger.Submit([1, 2, 3], 20);
        Task drained = ledger.Engine.DrainAsync(Never);
        Assert.Throws<EngineDrainingException>(() => ledger.Submit([1], 1));
        ledger.Engine.Step();
        Assert.False(drained.IsCompleted);
        ledger.Run();
        await drained.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(20, LedgerEngine.Read(stream).Length);
        Assert.Equal(0, ledger.Budget.Reserved);
        ledger.AssertClean();
    }

    [Fact]
    public async Task A_drain_that_is_cancelled_cancels_what_runs()
    {
        using LedgerEngine ledger = new();
        GenerationStream stream = ledger.Submit([1, 2, 3], 900);
        using CancellationTokenSource source = new();
        Task drained = ledger.Engine.DrainAsync(source.Token);
        ledger.Engine.Step();
        await source.CancelAsync();
        ledger.Run();
        await drained.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Single(LedgerEngine.Read(stream));
        Assert.Equal(FinishReason.Cancelled, stream.FinishReason);
    }

    [Fact]
    public async Task Disposing_ends_all_streams()
    {
        LedgerEngine ledger = new(new EngineOptions { MaxSequences = 1 });
        ledger.Engine.Start();
        GenerationStream running = ledger.Submit([1, 2, 3], 1000), waiting = ledger.Submit([1, 2, 3], 1000);
        await ledger.Engine.DisposeAsync();
        await ReadAll(running);
        await ReadAll(waiting);
        Assert.Equal(FinishReason.Cancelled, waiting.FinishReason);
        Assert.True(ledger.Backend.Runtimes[0].IsDisposed);
        Assert.Equal(0, ledger.Budget.Reserved);
        Assert.Throws<EngineDrainingException>(() => ledger.Submit([1], 1));
        running.Cancel();
    }

    [Fact]
    public void Several_requests_are_taken_whole_or_not_at_all()
    {
        using LedgerEngine ledger = new(new EngineOptions { MaxQueue = 3, MaxSequences = 2 });
        GenerationRequest Request(int token) => new() { Prompt = [token], MaxTokens = 4, Choices = 2, Sampling = LedgerEngine.Greedy };
        IReadOnlyList<IReadOnlyList<GenerationStream>> taken = ledger.Engine.Submit([Request(1), Request(2)]);
        Assert.Throws<QueueFullException>(() => ledger.Engine.Submit([Request(3), Request(4)]));
        Assert.Throws<RequestException>(() => ledger.Engine.Submit([Request(3), Request(-1)]));
        Assert.Equal(4, ledger.Engine.Load.Waiting);
        ledger.Engine.Submit(Request(5));
        ledger.Run();
        Assert.Equal([2, 2], taken.Select(t => t.Count));
        for (int i = 0; i < 2; i++)
            Assert.All(taken[i], s => Assert.Equal(ledger.Model.Greedy([i + 1], 4), LedgerEngine.Read(s)));
        ledger.AssertClean();
    }

    [Fact]
    public void A_full_queue_refuses()
    {
        using LedgerEngine ledger = new(new EngineOptions { MaxQueue = 2, MaxSequences = 1 });
        ledger.Submit([1], 5);
        ledger.Engine.Step();
        ledger.Submit([2], 5);
        GenerationStream second = ledger.Submit([3], 5);
        Assert.Equal(2, Assert.Throws<QueueFullException>(() => ledger.Submit([4], 5)).Limit);
        Assert.Equal(2, ledger.Engine.Load.Waiting);
        second.Cancel();
        ledger.Engine.Step();
        ledger.Submit([4], 5);
        ledger.Run();
        ledger.AssertClean();
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Invalid_requests_name_the_field(string field, GenerationRequest request)
    {
        using LedgerEngine ledger = new(maxContext: 100, maxSequences: 4);
        Exception error = Assert.ThrowsAny<Exception>(() => ledger.Engine.Submit(request));
        Assert.Equal(field, error is SamplingOptionsException options ? options.Field : Assert.IsType<RequestException>(error).Field);
        Assert.Equal(0, ledger.Engine.Load.Waiting);
    }

    public static TheoryData<string, GenerationRequest> Invalid()
    {
        GenerationRequest valid = new() { Prompt = [1], MaxTokens = 1 };
        GenerationRequest With(SamplingOptions options) => valid with { Sampling = options };
        return new()
        {
            { "Prompt", valid with { Prompt = [] } },
            { "Prompt", valid with { Prompt = new int[100] } },
            { "Prompt", valid with { Prompt = [1, 259] } },
            { "Prompt", valid with { Prompt = [-1] } },
            { "MaxTokens", valid with { MaxTokens = -1 } },
            { "MinTokens", valid with { MinTokens = -1 } },
            { "MinTokens", valid with { MinTokens = 2 } },
            { "Choices", valid with { Choices = 0 } },
            { "Choices", valid with { Choices = 5 } },
            { "TopLogProbabilities", valid with { TopLogProbabilities = 21 } },
            { "Stop", valid with { Stop = ["a", ""] } },
            { "Temperature", With(new() { Temperature = float.NaN }) },
            { "Temperature", With(new() { Temperature = -0.1f }) },
            { "TopK", With(new() { TopK = -1 }) },
            { "TopP", With(new() { TopP = 0 }) },
            { "TopP", With(new() { TopP = float.NaN }) },
            { "TypicalP", With(new() { TypicalP = 1.1f }) },
            { "MinP", With(new() { MinP = -1 }) },
            { "RepetitionPenalty", With(new() { RepetitionPenalty = 0 }) },
            { "RepetitionWindow", With(new() { RepetitionWindow = -2 }) },
            { "FrequencyPenalty", With(new() { FrequencyPenalty = float.PositiveInfinity }) },
            { "PresencePenalty", With(new() { PresencePenalty = float.NaN }) },
            { "LogitBias", With(new() { LogitBias = new Dictionary<int, float> { [-1] = 1 } }) },
            { "LogitBias", With(new() { LogitBias = new Dictionary<int, float> { [259] = 1 } }) },
            { "LogitBias", With(new() { LogitBias = new Dictionary<int, float> { [1] = float.NaN } }) },
        };
    }

    private static async Task<int[]> ReadAll(GenerationStream stream)
    {
        List<int> tokens = [];
        using CancellationTokenSource guard = new(TimeSpan.FromSeconds(60));
        while (await stream.WaitAsync(guard.Token))
            tokens.AddRange(LedgerEngine.Read(stream));
        return [.. tokens];
    }
}
