using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.Ops;

/// <summary>
/// Softmax attention over tiles of 16 cache entries, for one query head or two that share a tile; the scores of a stretch of tiles become weights at once.
/// A query's arithmetic depends on the entries that it sees, never on what else is computed beside it: the two forms agree bit for bit.
/// </summary>
internal static unsafe partial class AttentionTile
{
    /// <summary>Cache entries in a tile.</summary>
    public const int Entries = 16;

    /// <summary>Cache entries whose weights are taken at once, always from a multiple of it on: the largest score and the sums cost as much for one tile as for eight.</summary>
    public const int Stretch = 128;

    /// <summary>Floats from one query's scores to the next one's: a stretch, and room in front of it and behind for the rest of tiles that begin or end elsewhere.</summary>
    public const int ScoreStride = Entries + Stretch + Entries;

    /// <summary>From a tile to the one that is asked for while it is read: blocks lie anywhere, and the processor cannot guess the next.</summary>
    public const int Ahead = 2;

    /// <summary>The tiles of so many entries.</summary>
    public static int Count(int entries) => (entries + Entries - 1) / Entries;

    /// <summary>Writes the 16 scores of a query: keys are stored [element][entry], so no sum runs across lanes.</summary>
    /// <param name="query">The scaled query head.</param>
    /// <param name="keys">The key tile, <paramref name="length"/> × 16.</param>
    /// <param name="length">Elements of a head.</param>
    /// <param name="scores">16 floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score(float* query, float* keys, int length, float* scores)
    {
        // Even and odd elements have their own sums: four chains keep the multipliers busy.
        Vector256<float> even0 = default, even1 = default, odd0 = default, odd1 = default;
        int d = 0;
        for (; d <= length - 2; d += 2, keys += 2 * Entries)
        {
            Vector256<float> a = Vector256.Create(query[d]), b = Vector256.Create(query[d + 1]);
            even0 = Vector256.FusedMultiplyAdd(a, Vector256.Load(keys), even0);
            even1 = Vector256.FusedMultiplyAdd(a, Vector256.Load(keys + 8), even1);
            odd0 = Vector256.FusedMultiplyAdd(b, Vector256.Load(keys + 16), odd0);
            odd1 = Vector256.FusedMultiplyAdd(b, Vector256.Load(keys + 24), odd1);
        }
        if (d < length)
        {
            Vector256<float> a = Vector256.Create(query[d]);
            even0 = Vector256.FusedMultiplyAdd(a, Vector256.Load(keys), even0);
            even1 = Vector256.FusedMultiplyAdd(a, Vector256.Load(keys + 8), even1);
        }
        (even0 + odd0).Store(scores);
        (even1 + odd1).Store(scores + 8);
    }

    /// <summary>As <see cref="Score"/> for two queries, <paramref name="stride"/> floats apart, their scores <see cref="ScoreStride"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ScorePair(float* query, int stride, float* keys, int length, float* scores)
    {
        float* second = query + stride;
        Vector256<float> even0 = default, even1 = default, odd0 = default, odd1 = default;
        Vector256<float> even2 = default, even3 = default, odd2 = default, odd3 = default;
        int d = 0;
        for (; d <= length - 2; d += 2, keys += 2 * Entries)
        {
            Vector256<float> k0 = Vector256.Load(keys), k1 = Vector256.Load(keys + 8), k2 = Vector256.Load(keys + 16), k3 = Vector256.Load(keys + 24);
            Vector256<float> a = Vector256.Create(query[d]), b = Vector256.Create(query[d + 1]);
            even0 = Vector256.FusedMultiplyAdd(a, k0, even0);
            even1 = Vector256.FusedMultiplyAdd(a, k1, even1);
            odd0 = Vector256.FusedMultiplyAdd(b, k2, odd0);
            odd1 = Vector256.FusedMultiplyAdd(b, k3, odd1);
            a = Vector256.Create(second[d]);
            b = Vector256.Create(second[d + 1]);
            even2 = Vector256.FusedMultiplyAdd(a, k0, even2);
            even3 = Vector256.FusedMultiplyAdd(a, k1, even3);
            odd2 = Vector256.FusedMultiplyAdd(b, k2, odd2);
            odd3 = Vector256.FusedMultiplyAdd(b, k3, odd3);
        }
        if (d < length)
        {
            Vector256<float> k0 = Vector256.Load(keys), k1 = Vector256.Load(keys + 8);
            Vector256<float> a = Vector256.Create(query[d]), b = Vector256.Create(second[d]);
            even0 = Vector256.FusedMultiplyAdd(a, k0, even0);
            even1 = Vector256.FusedMultiplyAdd(a, k1, even1);
            even2 = Vector256.FusedMultiplyAdd(b, k0, even2);
            even3 = Vector256.FusedMultiplyAdd(b, k1, even3);
        }
        (even0 + odd0).Store(scores);
        (even1 + odd1).Store(scores + 8);
        (even2 + odd2).Store(scores + ScoreStride);
        (even3 + odd3).Store(scores + ScoreStride + 8);
    }

    /// <summary>As <see cref="Score(float*, float*, int, float*)"/> for some tiles, and <see cref="ScorePair"/> where there are two heads.</summary>
    /// <param name="query">The first head.</param>
    /// <param name="stride">Floats from one head to the next.</param>
    /// <param name="tiles">The tiles' keys.</param>
    /// <param name="count">The number of tiles.</param>
    /// <param name="length">Elements of a head.</param>
    /// <param name="scores">The first head's scores.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score<THeads>(float* query, int stride, byte** tiles, int count, int length, float* scores)
        where THeads : struct, ICount
    {
        for (int tile = 0; tile < count; tile++, scores += Entries)
            if (THeads.Count > 1)
                ScorePair(query, stride, (float*)tiles[tile], length, scores);
            else
                Score(query, (float*)tiles[tile], length, scores);
    }

    /// <summary>Turns the scores of a stretch into weights relative to the largest score so far, and brings the query's sums to it.</summary>
    /// <param name="scores">The scores; on return the weights, 0 outside of the visible entries as far as the tiles go that hold these.</param>
    /// <param name="first">The first visible entry.</param>
    /// <param name="end">The entry after the last visible one.</param>
    /// <param name="exact">Uses the library's exponential.</param>
    /// <param name="state">The query's largest score and sum of weights.</param>
    /// <param name="output">The query's weighted sum of values, a multiple of 8 floats.</param>
    /// <param name="length">Floats of the output.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weigh(float* scores, int first, int end, bool exact, AttentionState* state, float* output, int length)
    {
        int begin = first & -Entries;
        Vector256<int> from = Vector256.Create(first), to = Vector256.Create(end);
        Vector256<float> hidden = Vector256.Create(float.NegativeInfinity), most = hidden;
        for (int i = begin; i < end; i += 8)
        {
            Vector256<int> lane = Vector256<int>.Indices + Vector256.Create(i);
            Vector256<float> seen = Vector256.ConditionalSelect((Vector256.GreaterThanOrEqual(lane, from) & Vector256.LessThan(lane, to)).AsSingle(), Vector256.Load(scores + i), hidden);
            most = Vector256.MaxNative(most, seen);
            seen.Store(scores + i);
        }
        // The second half of the last tile, where all of it is hidden.
        if ((end - 1 & 8) == 0)
            hidden.Store(scores + (end - 1 & -Entries) + 8);
        Vector256<float> offset = Vector256.Create(Raise(Largest(most), exact, state, output, length));
        Vector256<float> low = default, high = default;
        for (int i = begin; i < end; i += Entries)
        {
            Vector256<float> a = Vector256.Load(scores + i) - offset, b = Vector256.Load(scores + i + 8) - offset;
            (a, b) = exact ? (FastExp.ExactExp(a), FastExp.ExactExp(b)) : (FastExp.Exp(a), FastExp.Exp(b));
            a.Store(scores + i);
            b.Store(scores + i + 8);
            low += a;
            high += b;
        }
        state->Sum += Vector256.Sum(low + high);
    }

    /// <summary>Brings a query's sums to a score where that is the largest so far, and answers the largest. All scores −∞ so far (the model's own doing): −∞ − −∞ is NaN, as the definition has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Raise(float largest, bool exact, AttentionState* state, float* output, int length)
    {
        float before = state->Largest;
        if (!(largest > before))
            return before;
        state->Largest = largest;
        if (before != float.NegativeInfinity)
        {
            float shrink = exact ? MathF.Exp(before - largest) : FastExp.Exp(Vector256.Create(before - largest)).ToScalar();
            state->Sum *= shrink;
            for (int i = 0; i < length; i += 8)
                (Vector256.Load(output + i) * shrink).Store(output + i);
        }
        return largest;
    }

    /// <summary>Takes a softmax over other entries into one: both are brought to the larger of their largest scores. One that has seen nothing changes nothing; one whose scores are no numbers makes the sum none.</summary>
    /// <param name="state">The softmax.</param>
    /// <param name="output">Its weighted sum.</param>
    /// <param name="other">The other one.</param>
    /// <param name="added">Its weighted sum.</param>
    /// <param name="length">A multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge(AttentionState* state, float* output, AttentionState* other, float* added, int length)
    {
        if (other->Largest == float.NegativeInfinity && other->Sum == 0)
            return;
        // A score that is not a number makes both factors none.
        float largest = MathF.Max(state->Largest, other->Largest);
        float own = state->Largest == float.NegativeInfinity ? 0 : MathF.Exp(state->Largest - largest), their = MathF.Exp(other->Largest - largest);
        state->Largest = largest;
        state->Sum = state->Sum * own + other->Sum * their;
        for (int i = 0; i < length; i += 8)
            (Vector256.Load(output + i) * own + Vector256.Load(added + i) * their).Store(output + i);
    }

    /// <summary>y = output / sum of weights, with <paramref name="stride"/> floats from an element of y to the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(AttentionState* state, float* output, float* y, int stride, int length)
    {
        float inverse = (float)(1 / state->Sum);
        for (int i = 0; i < length; i++, y += stride)
            *y = output[i] * inverse;
    }

    /// <summary>The largest of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Vector256<float> v)
    {
        Vector128<float> m = Vector128.MaxNative(v.GetLower(), v.GetUpper());
        m = Vector128.MaxNative(m, Vector128.Shuffle(m, Vector128.Create(2, 3, 0, 1)));
        m = Vector128.MaxNative(m, Vector128.Shuffle(m, Vector128.Create(1, 0, 3, 2)));
        return m.ToScalar();
    }
}

/// <summary>A query head's running softmax.</summary>
internal struct AttentionState
{
    /// <summary>The largest score so far.</summary>
    public float Largest;

    /// <summary>The sum of e^(score − largest) so far.</summary>
    public double Sum;
}
