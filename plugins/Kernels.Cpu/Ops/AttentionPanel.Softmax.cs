using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.Ops;

internal static unsafe partial class AttentionPanel<TSimd, TInt, TFloat>
{
    /// <summary>Turns the scores of a stretch into weights relative to each row's largest score so far, and brings its sums to that.</summary>
    /// <param name="rows">What rows see.</param>
    /// <param name="scores">The first entry's scores; on return the weights, 0 where a row does not see an entry.</param>
    /// <param name="first">The first entry that any row sees.</param>
    /// <param name="last">The last one.</param>
    /// <param name="exact">Uses the library's exponential.</param>
    /// <param name="state">The head's running softmaxes.</param>
    /// <param name="output">The head's weighted sums.</param>
    /// <param name="length">Elements of a sum.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Weigh(PanelRows* rows, float* scores, int first, int last, bool exact, PanelState* state, float* output, int length)
    {
        float none = float.NegativeInfinity;
        TFloat hidden = TSimd.Broadcast(&none), even = hidden, odd = hidden;
        TInt from = TSimd.Load((byte*)rows->From), end = TSimd.Load((byte*)rows->End);
        float* s = scores;
        for (int entry = first; entry <= last; entry++, s += Lanes)
        {
            TFloat score = TSimd.Load(s);
            if (!rows->AllSee(entry))
                TSimd.Store(score = TSimd.Select(TSimd.Within(from, end, entry), score, hidden), s);
            (even, odd) = (odd, TSimd.Larger(even, score));
        }
        float* most = stackalloc float[PanelRows.Most], parts = stackalloc float[AttentionTile.Entries * PanelRows.Most];
        TSimd.Store(TSimd.Larger(even, odd), most);
        TFloat offset = Raise(rows, first, last, most, exact, state, output, length);
        // Entries sixteen apart have a sum, as lanes have in the rows' form.
        TFloat zero = default;
        for (int i = 0; i < AttentionTile.Entries; i++)
            TSimd.Store(zero, parts + i * Lanes);
        s = scores;
        for (int entry = first; entry <= last; entry++, s += Lanes)
        {
            TFloat weight = Exp(TSimd.Subtract(TSimd.Load(s), offset), exact);
            TSimd.Store(weight, s);
            float* part = parts + entry % AttentionTile.Entries * Lanes;
            TSimd.Store(TSimd.Add(TSimd.Load(part), weight), part);
        }
        for (int i = 0; i < 8; i++)
            TSimd.Store(TSimd.Add(TSimd.Load(parts + i * Lanes), TSimd.Load(parts + (i + 8) * Lanes)), parts + i * Lanes);
        for (int apart = 1; apart < 8; apart *= 2)
            for (int i = 0; i < 8; i += 2 * apart)
                TSimd.Store(TSimd.Add(TSimd.Load(parts + i * Lanes), TSimd.Load(parts + (i + apart) * Lanes)), parts + i * Lanes);
        for (int row = 0; row < Lanes; row++)
            state->Sum[row] += parts[row];
    }

    /// <summary>Takes the softmaxes over other entries into a head's; rows that have seen nothing there stay as they are.</summary>
    /// <param name="state">The head's softmaxes.</param>
    /// <param name="output">Their weighted sums.</param>
    /// <param name="other">The other ones.</param>
    /// <param name="added">Their weighted sums.</param>
    /// <param name="length">Elements of a sum.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge(PanelState* state, float* output, PanelState* other, float* added, int length)
    {
        float* factors = stackalloc float[2 * PanelRows.Most];
        int* begin = stackalloc int[PanelRows.Most], ends = stackalloc int[PanelRows.Most];
        for (int row = 0; row < Lanes; row++)
        {
            bool isEmpty = other->Largest[row] == float.NegativeInfinity && other->Sum[row] == 0;
            (begin[row], ends[row]) = (isEmpty ? 1 : 0, 1);
            float largest = isEmpty ? state->Largest[row] : MathF.Max(state->Largest[row], other->Largest[row]);
            float own = state->Largest[row] == float.NegativeInfinity ? 0 : MathF.Exp(state->Largest[row] - largest), their = isEmpty ? 0 : MathF.Exp(other->Largest[row] - largest);
            (factors[row], factors[Lanes + row]) = (own, their);
            if (isEmpty)
                continue;
            state->Largest[row] = largest;
            state->Sum[row] = state->Sum[row] * own + other->Sum[row] * their;
        }
        TInt mask = TSimd.Within(TSimd.Load((byte*)begin), TSimd.Load((byte*)ends), 0);
        TFloat first = TSimd.Load(factors), second = TSimd.Load(factors + Lanes);
        for (int i = 0; i < length * Lanes; i += Lanes)
        {
            TFloat before = TSimd.Load(output + i);
            TSimd.Store(TSimd.Select(mask, TSimd.Add(TSimd.Multiply(before, first), TSimd.Multiply(TSimd.Load(added + i), second)), before), output + i);
        }
    }

    /// <summary>Writes the sums over their weights.</summary>
    /// <param name="rows">Which lanes are rows.</param>
    /// <param name="state">The head's softmaxes.</param>
    /// <param name="output">Their weighted sums.</param>
    /// <param name="result">The first element of the first lane; only the rows' are written.</param>
    /// <param name="width">Floats from an element to the next.</param>
    /// <param name="length">Elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(PanelRows* rows, PanelState* state, float* output, float* result, int width, int length)
    {
        float* inverse = stackalloc float[PanelRows.Most];
        for (int row = 0; row < Lanes; row++)
            inverse[row] = (float)(1 / state->Sum[row]);
        TFloat factor = TSimd.Load(inverse);
        for (int i = 0; i < length; i++, output += Lanes, result += width)
            if (rows->Count == Lanes)
                TSimd.Store(TSimd.Multiply(TSimd.Load(output), factor), result);
            else
                for (int row = rows->First; row < rows->First + rows->Count; row++)
                    result[row] = output[row] * inverse[row];
    }

    // What is taken from each row's scores: its largest so far; its sums are brought to it.
    private static TFloat Raise(PanelRows* rows, int first, int last, float* most, bool exact, PanelState* state, float* output, int length)
    {
        float* shrink = stackalloc float[PanelRows.Most], offset = stackalloc float[PanelRows.Most];
        bool any = false;
        for (int row = 0; row < Lanes; row++)
        {
            float before = state->Largest[row];
            // A row that sees nothing of the stretch has weights of 0.
            bool sees = rows->From[row] <= last && rows->End[row] > first, isLarger = sees && most[row] > before;
            if (isLarger)
                state->Largest[row] = most[row];
            shrink[row] = isLarger && before != float.NegativeInfinity ? before - most[row] : 0;
            any |= shrink[row] != 0;
            offset[row] = sees ? state->Largest[row] : 0;
        }
        if (any)
        {
            // e^0 is 1.
            TFloat factor = Exp(TSimd.Load(shrink), exact);
            TSimd.Store(factor, shrink);
            for (int row = 0; row < Lanes; row++)
                state->Sum[row] *= shrink[row];
            for (int i = 0; i < length * Lanes; i += Lanes)
                TSimd.Store(TSimd.Multiply(TSimd.Load(output + i), factor), output + i);
        }
        return TSimd.Load(offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TFloat Exp(TFloat x, bool exact) => exact ? Exact(x) : TSimd.Exp(x);

    private static TFloat Exact(TFloat x)
    {
        float* lanes = stackalloc float[PanelRows.Most];
        TSimd.Store(x, lanes);
        for (int row = 0; row < Lanes; row++)
            lanes[row] = MathF.Exp(lanes[row]);
        return TSimd.Load(lanes);
    }
}

/// <summary>The rows of a panel that attend together, and what they see; lanes beside them see nothing.</summary>
internal unsafe struct PanelRows
{
    /// <summary>The most lanes.</summary>
    public const int Most = 16;

    /// <summary>The first entry that each lane sees.</summary>
    public fixed int From[Most];

    /// <summary>The entry after the last that each lane sees.</summary>
    public fixed int End[Most];

    /// <summary>The first lane that is a row.</summary>
    public int First;

    /// <summary>The number of rows.</summary>
    public int Count;

    /// <summary>The first entry that all rows see.</summary>
    public int AllFrom;

    /// <summary>The entry after the last that all rows see.</summary>
    public int AllEnd;

    /// <summary>Whether all rows see an entry.</summary>
    public readonly bool AllSee(int entry) => entry >= AllFrom && entry < AllEnd;
}

/// <summary>A query head's running softmax of each lane.</summary>
internal unsafe struct PanelState
{
    /// <summary>The sums of e^(score − largest) so far.</summary>
    public fixed double Sum[PanelRows.Most];

    /// <summary>The largest scores so far.</summary>
    public fixed float Largest[PanelRows.Most];
}
