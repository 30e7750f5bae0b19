using System.Numerics;
using System.Runtime.InteropServices;

namespace Tessera.Engine.Sampling;

/// <summary>Finds, in vector passes over a row of logits, a logit below which no candidate can survive the truncations, so that only a few are loaded.</summary>
internal sealed class Shortlist(int vocabulary)
{
    private const int Block = 64;
    private readonly float[] _maxima = new float[(vocabulary + Block - 1) / Block];

    /// <summary>The k-th best of the blocks' best logits: at least k logits are no lower. A number in any case: what is −∞ cannot be drawn, and behind a grammar's mask it is nearly all.</summary>
    public float TopK(ReadOnlySpan<float> logits, int k)
    {
        int blocks = (logits.Length + Block - 1) / Block;
        if (k > blocks)
            return float.MinValue;
        for (int block = 0; block < blocks; block++)
            _maxima[block] = LogitScan.Max(logits.Slice(block * Block, Math.Min(Block, logits.Length - block * Block)));
        Span<float> maxima = _maxima.AsSpan(0, blocks);
        maxima.Sort();
        return Math.Max(maxima[blocks - k], float.MinValue);
    }

    /// <summary>The logit below which all tokens together have less than what top-p drops.</summary>
    /// <param name="logits">The row.</param>
    /// <param name="max">Its best logit.</param>
    /// <param name="sum">Σ exp(logit − max).</param>
    /// <param name="p">What top-p keeps.</param>
    public static float TopP(ReadOnlySpan<float> logits, float max, double sum, float p)
    {
        // Half of what may be dropped: the rest is room for rounding.
        double least = (1 - (double)p) * 0.5 * sum / logits.Length;
        return Math.Min(max, (float)(max + Math.Log(least)));
    }

    /// <summary>The number of logits at or above a threshold; their tokens go to <paramref name="items"/>, ascending.</summary>
    public static int Collect(ReadOnlySpan<float> logits, float threshold, Span<Candidate> items)
    {
        int count = 0;
        Vector<float> least = new(threshold);
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        for (int v = 0; v < vectors.Length; v++)
        {
            if (!Vector.GreaterThanOrEqualAny(vectors[v], least))
                continue;
            int start = v * Vector<float>.Count;
            count = Append(logits.Slice(start, Vector<float>.Count), start, threshold, items, count);
        }
        int tail = vectors.Length * Vector<float>.Count;
        return Append(logits[tail..], tail, threshold, items, count);
    }

    private static int Append(ReadOnlySpan<float> logits, int start, float threshold, Span<Candidate> items, int count)
    {
        for (int i = 0; i < logits.Length; i++)
            if (logits[i] >= threshold)
            {
                items[count].Id = start + i;
                items[count++].Logit = logits[i];
            }
        return count;
    }
}
