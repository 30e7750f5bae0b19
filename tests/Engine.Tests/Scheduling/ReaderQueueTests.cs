using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;

namespace Tessera.Engine.Tests.Scheduling;

public sealed class ReaderQueueTests
{
    private const string Name = "tessera readers";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Readers_go_on_one_after_the_other_on_one_thread()
    {
        ReaderQueue queue = new(Name);
        GenerationStream[] streams = Create(16, 3);
        List<(int Choice, int Thread, string? Name)> seen = [];
        Task[] readers = [.. streams.Select(ReadAsync)];
        for (int token = 0; token < 3; token++)
        {
            Write(queue, streams, token);
            int all = (token + 1) * streams.Length;
            Assert.True(SpinWait.SpinUntil(() => { lock (seen) return seen.Count == all; }, Limit));
        }
        End(queue, streams);
        await Task.WhenAll(readers).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.All(seen, s => Assert.Equal(Name, s.Name));
        Assert.Single(seen.Take(16).Select(s => s.Thread).Distinct());
        Assert.Equal(Enumerable.Range(0, 16), seen.Take(16).Select(s => s.Choice));

        async Task ReadAsync(GenerationStream stream)
        {
            while (await stream.WaitAsync(default).ConfigureAwait(false))
                while (stream.TryRead(out _, out _))
                    lock (seen)
                        seen.Add((stream.Choice, Environment.CurrentManagedThreadId, Thread.CurrentThread.Name));
        }
    }

    [Fact]
    public async Task A_reader_that_blocks_keeps_those_behind_it_for_a_moment_although_no_step_comes()
    {
        ReaderQueue queue = new(Name);
        GenerationStream[] streams = Create(3, 2);
        using ManualResetEventSlim block = new();
        Task first = BlockAsync(streams[0]), second = OneAsync(streams[1]), third = OneAsync(streams[2]);
        Write(queue, streams[..2], 1);
        await second.WaitAsync(Limit, TestContext.Current.CancellationToken);
        // The thread that is blocked is not counted on any more.
        Write(queue, streams[2..], 1);
        await third.WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.False(first.IsCompleted);
        block.Set();
        await first.WaitAsync(Limit, TestContext.Current.CancellationToken);
        queue.Close();

        async Task BlockAsync(GenerationStream stream)
        {
            Assert.True(await stream.WaitAsync(default).ConfigureAwait(false));
            Assert.True(block.Wait(Limit));
        }
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task Who_waits_behind_a_reader_that_blocks_is_let_go_when_nobody_attends_any_more(bool close)
    {
        ReaderQueue queue = new(Name);
        GenerationStream[] streams = Create(3, 1);
        using ManualResetEventSlim block = new(), blocked = new();
        Task first = BlockAsync(streams[0]), second = OneAsync(streams[1]), third = OneAsync(streams[2]);
        Write(queue, streams[..2], 1);
        Assert.True(blocked.Wait(Limit, TestContext.Current.CancellationToken));
        if (close)
            queue.Close();
        else
            queue.Scatter();
        await second.WaitAsync(Limit, TestContext.Current.CancellationToken);
        if (close)
        {
            Write(queue, streams[2..], 1);
            await third.WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        block.Set();
        await first.WaitAsync(Limit, TestContext.Current.CancellationToken);
        queue.Close();

        async Task BlockAsync(GenerationStream stream)
        {
            Assert.True(await stream.WaitAsync(default).ConfigureAwait(false));
            blocked.Set();
            Assert.True(block.Wait(Limit));
        }
    }

    [Fact]
    public async Task Every_reader_gets_every_token_in_order_although_some_take_long()
    {
        const int Tokens = 400;
        using ManualResetEventSlim never = new();
        ReaderQueue queue = new(Name);
        GenerationStream[] streams = Create(8, Tokens);
        Task<List<int>>[] readers = [.. streams.Select(ReadAsync)];
        for (int token = 0; token < Tokens; token++)
        {
            Write(queue, streams, token);
            if (token % 4 == 0)
                never.Wait(1);
        }
        End(queue, streams);
        List<int>[] read = await Task.WhenAll(readers).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.All(read, tokens => Assert.Equal(Enumerable.Range(0, Tokens), tokens));

        async Task<List<int>> ReadAsync(GenerationStream stream)
        {
            List<int> tokens = [];
            while (await stream.WaitAsync(default).ConfigureAwait(false))
            {
                // Longer than the others are patient for.
                if (tokens.Count % 97 == stream.Choice)
                    never.Wait(15);
                while (stream.TryRead(out GeneratedToken token, out _))
                    tokens.Add(token.Token);
            }
            return tokens;
        }
    }

    [Theory]
    [InlineData(1), InlineData(40)]
    public async Task A_reader_that_blocks_keeps_no_other_of_its_engine(int tokens)
    {
        using LedgerEngine ledger = new();
        GenerationStream[] streams = [.. Enumerable.Range(0, 4).Select(i => ledger.Submit(LedgerEngine.Prompt(i, 20), tokens))];
        using ManualResetEventSlim others = new();
        Task<int>[] readers = [.. streams.Select(ReadAsync)];
        ledger.Engine.Start();
        await Task.WhenAll(readers[1..]).WaitAsync(Limit, TestContext.Current.CancellationToken);
        Assert.False(readers[0].IsCompleted);
        others.Set();
        await readers[0].WaitAsync(Limit, TestContext.Current.CancellationToken);
        await ledger.Engine.DisposeAsync();

        async Task<int> ReadAsync(GenerationStream stream)
        {
            int read = 0;
            while (await stream.WaitAsync(default).ConfigureAwait(false))
            {
                while (stream.TryRead(out _, out _))
                    read++;
                if (stream == streams[0])
                    Assert.True(others.Wait(Limit));
            }
            return read;
        }
    }

    private static GenerationStream[] Create(int count, int tokens) => [.. Enumerable.Range(0, count).Select(i => new GenerationStream(i, i, tokens, 0, () => { }))];

    private static void Write(ReaderQueue queue, GenerationStream[] streams, int token)
    {
        List<ReaderWait> readers = [];
        foreach (GenerationStream stream in streams)
            if (stream.Write(new GeneratedToken(token, 0)) is { } reader)
                readers.Add(reader);
        queue.Add(readers.ToArray());
    }

    private static void End(ReaderQueue queue, GenerationStream[] streams)
    {
        foreach (GenerationStream stream in streams)
            stream.Finish(FinishReason.Length);
        queue.Close();
    }

    private static async Task OneAsync(GenerationStream stream) => Assert.True(await stream.WaitAsync(default).ConfigureAwait(false));
}
