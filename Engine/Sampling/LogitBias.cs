namespace Tessera.Engine.Sampling;

/// <summary>Adds a number to the logits of some tokens.</summary>
internal static class LogitBias
{
    /// <summary>Applies the biases; tokens that are no candidates are passed over.</summary>
    public static void Apply(Candidates candidates, ReadOnlySpan<KeyValuePair<int, float>> biases)
    {
        Span<Candidate> items = candidates.Items;
        foreach ((int token, float bias) in biases)
        {
            if (candidates.IsWhole)
            {
                if ((uint)token < (uint)items.Length)
                    items[token].Logit += bias;
                continue;
            }
            foreach (ref Candidate c in items)
                if (c.Id == token)
                {
                    c.Logit += bias;
                    break;
                }
        }
    }
}
