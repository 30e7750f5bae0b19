using Tessera.Conformance.Batches;

namespace Tessera.Conformance.Checks;

/// <summary>Asks a runtime that chooses for best tokens beside logits and instead of them, and says what is wrong with them.</summary>
/// <param name="runtime">The runtime.</param>
internal sealed unsafe class BestCheck(IChoosingRuntime runtime)
{
    private readonly BestToken[] _expected = new BestToken[runtime.MaxBest];
    private readonly float[] _values = new float[2 * runtime.MaxBest], _found = new float[2 * runtime.MaxBest];

    /// <summary>The checker of a runtime that chooses; null for others.</summary>
    public static BestCheck? Of(IModelRuntime runtime) => runtime is IChoosingRuntime { MaxBest: > 0 } chooses ? new BestCheck(chooses) : null;

    /// <summary>Of the rows that want logits, lets one in three want best tokens too, and one in three want them instead; more and fewer by turns.</summary>
    public void Ask(Batch batch)
    {
        int wanting = 0;
        for (int row = 0; row < batch.RowCount; row++)
        {
            if ((batch.Outputs[row] & RowOutputs.Logits) == 0 || wanting++ % 3 == 0)
                continue;
            batch.BestCounts[row] = 1 + wanting * 5 % runtime.MaxBest;
            batch.Outputs[row] |= RowOutputs.Best;
            if (wanting % 3 == 0)
                batch.Outputs[row] &= ~RowOutputs.Logits;
        }
    }

    /// <summary>What the best tokens of a row are beside its own logits, where it wants them; null when they are the same.</summary>
    /// <param name="output">The row's number.</param>
    /// <param name="wanted">How many it wants.</param>
    /// <param name="logits">Its own logits.</param>
    public string? Problem(int output, int wanted, ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<BestToken> found = runtime.Best(output), expected = _expected.AsSpan(0, BestRows.Choose(logits, _expected.AsSpan(0, wanted)));
        return found.SequenceEqual(expected) ? null : $"expected [{string.Join(", ", expected.ToArray())}], found [{string.Join(", ", found.ToArray())}]";
    }

    /// <summary>The logits of a row's best tokens as they are to be: those of the reference's best, then the reference's for the tokens that were found; and twice those that were found.</summary>
    /// <param name="output">The row's number.</param>
    /// <param name="wanted">How many it wants.</param>
    /// <param name="reference">The reference's logits.</param>
    public (float[] Expected, float[] Found, int Count) Values(int output, int wanted, ReadOnlySpan<float> reference)
    {
        ReadOnlySpan<BestToken> found = runtime.Best(output);
        int count = BestRows.Choose(reference, _expected.AsSpan(0, wanted));
        for (int i = 0; i < count; i++)
        {
            _values[i] = _expected[i].Logit;
            _values[count + i] = i < found.Length ? reference[found[i].Token] : 0;
            _found[i] = _found[count + i] = i < found.Length ? found[i].Logit : float.NaN;
        }
        return (_values, _found, 2 * count);
    }
}
