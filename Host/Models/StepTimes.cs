using System.Numerics;
using Tessera.Engine.Generation;
using Tessera.Engine.Scheduling;

namespace Tessera.Host.Models;

/// <summary>How long an engine's steps of decode rows take, by their number of rows, so that the last ones of another composition can be compared with like ones.</summary>
internal sealed class StepTimes(IEngineObserver? next) : IEngineObserver
{
    /// <summary>Steps of a size, and last ones of any, that must have been seen for a comparison.</summary>
    private const int Least = 16;

    private const int Kept = 64, Compared = 32, Sizes = 14;

    private readonly Lock _lock = new();
    private readonly double[][] _milliseconds = [.. Enumerable.Range(0, Sizes).Select(_ => new double[Kept])];
    private readonly long[] _counts = new long[Sizes];
    private readonly (int Size, double Milliseconds)[] _last = new (int, double)[Compared];
    private long _count;

    /// <inheritdoc/>
    public void Step(in StepRecord record)
    {
        int rows = record.DecodeRows + record.DraftRows;
        if (record.PrefillRows == 0 && rows > 0)
            lock (_lock)
            {
                int size = Math.Min(Sizes - 1, BitOperations.Log2((uint)rows));
                _milliseconds[size][_counts[size]++ % Kept] = record.Elapsed.TotalMilliseconds;
                _last[_count++ % Compared] = (size, record.Elapsed.TotalMilliseconds);
            }
        next?.Step(record);
    }

    /// <summary>By how much the last steps are slower than another engine's: each against the other's median of its size, else of a larger one, else of a smaller one as if time grew with the rows; of these the median. Null where there are too few.</summary>
    /// <param name="before">The other engine's.</param>
    /// <param name="least">Differences of fewer milliseconds count for nothing.</param>
    /// <param name="seen">The steps that earlier answers were about, which do not count again; those that this one is about are among them afterwards.</param>
    public double? SlowdownOver(StepTimes before, double least, ref long seen)
    {
        double?[] then = [.. Enumerable.Range(0, Sizes).Select(before.Guess)];
        List<double> ratios = [];
        long count;
        lock (_lock)
        {
            count = _count;
            for (long step = Math.Max(seen, count - Compared); step < count; step++)
                if (_last[step % Compared] is var (size, now) && then[size] is { } time)
                    ratios.Add(now - time < least ? 1 : now / time);
        }
        if (ratios.Count < Least)
            return null;
        seen = count;
        ratios.Sort();
        return ratios[ratios.Count / 2];
    }

    /// <inheritdoc/>
    public void FirstToken(TimeSpan sinceSubmit) => next?.FirstToken(sinceSubmit);

    /// <inheritdoc/>
    public void NextToken(TimeSpan sinceLast) => next?.NextToken(sinceLast);

    /// <inheritdoc/>
    public void Drafted(string source, int proposed, int accepted) => next?.Drafted(source, proposed, accepted);

    /// <inheritdoc/>
    public void DraftFault(string problem, bool isLast) => next?.DraftFault(problem, isLast);

    /// <inheritdoc/>
    public void Finished(FinishReason reason, int promptTokens, int cachedTokens, int generatedTokens) => next?.Finished(reason, promptTokens, cachedTokens, generatedTokens);

    private double? Guess(int size)
    {
        for (int other = size; other < Sizes; other++)
            if (Median(other) is { } time)
                return time;
        for (int other = size - 1; other >= 0; other--)
            if (Median(other) is { } time)
                return time * (1 << (size - other));
        return null;
    }

    private double? Median(int size)
    {
        lock (_lock)
        {
            int count = (int)Math.Min(Kept, _counts[size]);
            if (count < Least)
                return null;
            double[] sorted = _milliseconds[size][..count];
            Array.Sort(sorted);
            return sorted[count / 2];
        }
    }
}
