using Tessera.Engine.Generation;

namespace Tessera.Engine.Tests.Generation;

public sealed class GenerationStreamTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_wait_that_a_token_has_ended_is_not_cancelled_any_more()
    {
        using CancellationTokenSource cancellation = new();
        GenerationStream stream = Create();
        ValueTask<bool> wait = stream.WaitAsync(cancellation.Token);
        ReaderWait reader = stream.Write(new GeneratedToken(7, 0))!;
        await cancellation.CancelAsync();
        Assert.False(wait.IsCompleted);
        reader.Complete();
        Assert.True(await wait);
        Assert.True(stream.TryRead(out GeneratedToken token, out _));
        Assert.Equal(7, token.Token);
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await stream.WaitAsync(cancellation.Token));
    }

    [Fact]
    public async Task A_token_is_read_before_the_end_that_comes_while_its_reader_is_to_go_on()
    {
        GenerationStream stream = Create();
        ValueTask<bool> wait = stream.WaitAsync(default);
        ReaderWait reader = stream.Write(new GeneratedToken(7, 0))!;
        Assert.Null(stream.Write(new GeneratedToken(8, 0)));
        stream.Finish(FinishReason.Length);
        Assert.False(wait.IsCompleted);
        reader.Complete();
        Assert.True(await wait);
        Assert.Equal([7, 8], Read(stream));
        Assert.False(await stream.WaitAsync(default));
        Assert.Equal(FinishReason.Length, stream.FinishReason);
    }

    [Fact]
    public async Task Ends_and_cancellations_let_the_reader_go_on_on_another_thread()
    {
        int own = Environment.CurrentManagedThreadId;
        using CancellationTokenSource cancellation = new();
        GenerationStream ended = Create(), cancelled = Create();
        Task<int> first = ThreadAfter(ended, default), second = ThreadAfter(cancelled, cancellation.Token);
        ended.Finish(FinishReason.EndToken);
        cancellation.Cancel();
        // This thread is not the pool's before both have gone on.
        Assert.True(SpinWait.SpinUntil(() => first.IsCompleted && second.IsCompleted, Limit));
        Assert.NotEqual(own, await first);
        Assert.NotEqual(own, await second);

        static async Task<int> ThreadAfter(GenerationStream stream, CancellationToken cancellation)
        {
            try
            {
                Assert.False(await stream.WaitAsync(cancellation).ConfigureAwait(false));
            }
            catch (OperationCanceledException e) when (e.CancellationToken == cancellation)
            {
            }
            return Environment.CurrentManagedThreadId;
        }
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_the_stream_as_it_is()
    {
        using CancellationTokenSource cancellation = new();
        GenerationStream stream = Create();
        Task<bool> wait = stream.WaitAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.WaitAsync(Limit));
        ValueTask<bool> next = stream.WaitAsync(default);
        stream.Write(new GeneratedToken(7, 0))!.Complete();
        Assert.True(await next);
        Assert.Equal([7], Read(stream));
    }

    [Fact]
    public async Task A_nudge_ends_one_wait_be_it_the_next()
    {
        GenerationStream stream = Create();
        Task<bool> wait = stream.WaitAsync(default).AsTask();
        stream.Nudge();
        Assert.True(await wait.WaitAsync(Limit, TestContext.Current.CancellationToken));
        Assert.Empty(Read(stream));
        stream.Nudge();
        Assert.True(await stream.WaitAsync(default));
        wait = stream.WaitAsync(default).AsTask();
        Assert.False(wait.IsCompleted);
        stream.Finish(FinishReason.Cancelled);
        Assert.False(await wait.WaitAsync(Limit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_second_reader_is_refused()
    {
        GenerationStream stream = Create();
        Task<bool> wait = stream.WaitAsync(default).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stream.WaitAsync(default));
        Assert.False(wait.IsCompleted);
    }

    private static GenerationStream Create() => new(1, 0, 8, 0, () => { });

    private static List<int> Read(GenerationStream stream)
    {
        List<int> tokens = [];
        while (stream.TryRead(out GeneratedToken token, out _))
            tokens.Add(token.Token);
        return tokens;
    }
}
