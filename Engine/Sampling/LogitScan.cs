using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tessera.Engine.Sampling;

/// <summary>Passes over one row of logits.</summary>
public static class LogitScan
{
    private const int Block = 1024;

    /// <summary>The token with the highest logit, the lowest id of equals; −1 when a logit is NaN or +∞, or none is finite.</summary>
    public static int Argmax(ReadOnlySpan<float> logits)
    {
        float max = Max(logits);
        if (!float.IsFinite(max))
            return -1;
        int i = 0;
        Vector<float> wanted = new(max);
        for (; i <= logits.Length - Vector<float>.Count; i += Vector<float>.Count)
            if (Vector.EqualsAny(new Vector<float>(logits[i..]), wanted))
                break;
        while (logits[i] != max)
            i++;
        return i;
    }

    /// <summary>The highest logit; NaN when one is NaN.</summary>
    internal static float Max(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        // Four maxima: one alone is waited for at every vector.
        Vector<float> best = new(float.NegativeInfinity), second = best, third = best, fourth = best;
        Vector<int> broken = Vector<int>.Zero;
        int i = 0;
        for (; i <= vectors.Length - 4; i += 4)
        {
            Vector<float> a = vectors[i], b = vectors[i + 1], c = vectors[i + 2], d = vectors[i + 3];
            best = Higher(a, best);
            second = Higher(b, second);
            third = Higher(c, third);
            fourth = Higher(d, fourth);
            broken |= ~(Vector.Equals(a, a) & Vector.Equals(b, b) & Vector.Equals(c, c) & Vector.Equals(d, d));
        }
        for (; i < vectors.Length; i++)
        {
            best = Higher(vectors[i], best);
            broken |= ~Vector.Equals(vectors[i], vectors[i]);
        }
        best = Higher(Higher(best, second), Higher(third, fourth));
        float max = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
            max = Math.Max(max, best[lane]);
        foreach (float tail in logits[(vectors.Length * Vector<float>.Count)..])
            max = Math.Max(max, tail);
        return broken == Vector<int>.Zero ? max : float.NaN;
    }

    private static Vector<float> Higher(Vector<float> one, Vector<float> other) => Vector.ConditionalSelect(Vector.GreaterThan(one, other), one, other);

    /// <summary>Σ exp((logit − max) · scale).</summary>
    internal static double SumExp(ReadOnlySpan<float> logits, float max, float scale)
    {
        double sum = 0;
        for (int at = 0; at < logits.Length; at += Block)
            sum += SumExpBlock(logits.Slice(at, Math.Min(Block, logits.Length - at)), max, scale);
        return sum;
    }

    /// <summary>The token at which the running sum of exp((logit − max) · scale) passes a uniform number's part of the whole.</summary>
    internal static int Draw(ReadOnlySpan<float> logits, float max, float scale, double uniform)
    {
        double left = uniform * SumExp(logits, max, scale);
        int last = -1;
        for (int at = 0; at < logits.Length; at += Block)
        {
            ReadOnlySpan<float> block = logits.Slice(at, Math.Min(Block, logits.Length - at));
            double mass = SumExpBlock(block, max, scale);
            if (mass <= 0)
                continue;
            if (left >= mass && at + Block < logits.Length)
            {
                left -= mass;
                last = at + LastPositive(block, max, scale);
                continue;
            }
            for (int i = 0; i < block.Length; i++)
            {
                float weight = MathF.Exp((block[i] - max) * scale);
                if (weight <= 0)
                    continue;
                last = at + i;
                left -= weight;
                if (left < 0)
                    return last;
            }
        }
        return last;
    }

    private static int LastPositive(ReadOnlySpan<float> block, float max, float scale)
    {
        int i = block.Length - 1;
        while (i > 0 && MathF.Exp((block[i] - max) * scale) <= 0)
            i--;
        return i;
    }

    private static double SumExpBlock(ReadOnlySpan<float> block, float max, float scale)
    {
        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(block);
        Vector256<float> sum = Vector256<float>.Zero, top = Vector256.Create(max), by = Vector256.Create(scale);
        foreach (Vector256<float> v in vectors)
            sum += Vector256.Exp((v - top) * by);
        double total = Vector256.Sum(sum);
        foreach (float tail in block[(vectors.Length * Vector256<float>.Count)..])
            total += MathF.Exp((tail - max) * scale);
        return total;
    }
}
