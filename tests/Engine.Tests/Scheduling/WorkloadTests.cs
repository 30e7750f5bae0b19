using Tessera.Conformance.Fakes;
using Tessera.Conformance.Ledger;
using Tessera.Engine.Generation;
using Tessera.Engine.Sampling;

namespace Tessera.Engine.Tests.Scheduling;

/// <summary>Seeded random workloads: whatever the scheduler does, every stream's tokens follow from its prompt alone.</summary>
public sealed class WorkloadTests
{
    private const int Requests = 40;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_stream_gets_what_its_prompt_alone_implies(int seed, int chunk, int[] windows, int blocks, bool drafts)
    {
        Random random = new(seed);
        LedgerModel model = new(ByteTokenizer.Size, windows, [ByteTokenizer.Eos, ByteTokenizer.Eot]);
        List<Work> work = [.. Enumerable.Range(0, Requests).Select(_ => Work.Create(random))];
        FixedDrafts? strategy = null;
        using LedgerEngine plain = new(model: model);
        foreach (Work w in work)
            w.Expected = [.. Enumerable.Range(0, w.Request.Choices).Select(c => plain.Expected(w.Request.Prompt, w.Request.MaxTokens, w.Request.Sampling, c))];
        if (drafts)
            strategy = new FixedDrafts(4, work.SelectMany(w => w.Expected.Select(e => (IReadOnlyList<int>)[.. w.Request.Prompt, .. e]))) { WrongEvery = 6, WrongToken = 65 };
        EngineOptions options = new() { PrefillChunk = chunk, MaxSequences = 12, MaxBatchTokens = 100, MemoryPatience = TimeSpan.Zero };
        using LedgerEngine ledger = new(options, windows, blocks * windows.Length, strategy: strategy, model: model);
        int next = 0;
        for (int step = 0; next < work.Count || ledger.Engine.Load is { Waiting: > 0 } or { Running: > 0 }; step++)
        {
            Assert.True(step < 20_000, $"no end: {ledger.Engine.Load}");
            while (next < work.Count && random.Next(3) == 0)
                work[next].Streams = ledger.Engine.Submit(work[next++].Request);
            foreach (Work w in work.Take(next))
                if (w.CancelAt == step % 400 && random.Next(2) == 0)
                    w.Streams[random.Next(w.Streams.Count)].Cancel();
            ledger.Engine.Step();
        }
        int whole = work.Sum(w => w.Check());
        Assert.True(whole > Requests / 2, $"only {whole} streams came to their end");
        Assert.Empty(strategy?.Problems ?? []);
        if (blocks < 100)
            Assert.True(ledger.Records.Sum(r => r.Preempted) > 0, "no sequence was preempted");
        Assert.Contains(work, w => w.Streams[0].CachedTokens > 0);
        ledger.AssertClean();
    }

    public static TheoryData<int, int, int[], int, bool> Cases()
    {
        TheoryData<int, int, int[], int, bool> cases = [];
        int seed = 1;
        foreach (int chunk in (int[])[0, 1, 7, 64])
            foreach (int[] windows in (int[][])[[0], [0, 24], [50, 0, 1]])
                foreach (int blocks in (int[])[22, 10_000])
                    foreach (bool drafts in (bool[])[false, true])
                        cases.Add(seed++, chunk, windows, blocks, drafts);
        return cases;
    }

    private sealed class Work
    {
        public required GenerationRequest Request { get; init; }
        public required int CancelAt { get; init; }
        public int[][] Expected { get; set; } = [];
        public IReadOnlyList<GenerationStream> Streams { get; set; } = [];

        public static Work Create(Random random)
        {
            int[] shared = LedgerEngine.Prompt(random.Next(3), random.Next(0, 120));
            int[] prompt = [.. shared, .. LedgerEngine.Prompt(random.Next(1000), random.Next(1, 60))];
            SamplingOptions sampling = random.Next(3) switch
            {
                0 => LedgerEngine.Greedy,
                1 => new SamplingOptions { Seed = (ulong)random.Next(), Temperature = 0.8f },
                _ => new SamplingOptions { Seed = (ulong)random.Next(), TopK = 20, TopP = 0.9f, RepetitionPenalty = 1.3f, RepetitionWindow = 20, FrequencyPenalty = 0.5f },
            };
            return new Work
            {
                CancelAt = random.Next(4) == 0 ? random.Next(100) : -1,
                Request = new GenerationRequest
                {
                    Prompt = prompt,
                    MaxTokens = random.Next(1, 100),
                    Sampling = sampling,
                    Choices = random.Next(5) == 0 ? random.Next(2, 5) : 1,
                    CacheSalt = random.Next(4) == 0 ? "salt" : null,
                    Speculative = random.Next(4) != 0,
                },
            };
        }

        /// <summary>Compares; returns how many streams were not cancelled.</summary>
        public int Check()
        {
            int whole = 0;
            for (int choice = 0; choice < Streams.Count; choice++)
            {
                int[] tokens = LedgerEngine.Read(Streams[choice]);
                if (Streams[choice].FinishReason == FinishReason.Cancelled)
                {
                    Assert.Equal(Expected[choice].Take(tokens.Length), tokens);
                    continue;
                }
                Assert.True(Streams[choice].FinishReason is FinishReason.Length or FinishReason.EndToken, $"{Streams[choice].FinishReason}: {Streams[choice].Error}");
                Assert.Equal(Expected[choice], tokens);
                whole++;
            }
            return whole;
        }
    }
}
