namespace Tessera.Engine.Sampling;

/// <summary>The repetition penalty (arXiv 1909.05858), then the frequency and presence penalties.</summary>
internal static class Penalties
{
    /// <summary>Divides a repeated token's positive logit, multiplies another.</summary>
    public static void Repetition(Candidates candidates, TokenCounts seen, float penalty)
    {
        Span<Candidate> items = candidates.Items;
        if (candidates.IsWhole)
        {
            for (int place = 0; place < seen.Places; place++)
            {
                (int token, int count) = seen.At(place);
                if (count > 0 && (uint)token < (uint)items.Length)
                    items[token].Logit = Repeated(items[token].Logit, penalty);
            }
            return;
        }
        foreach (ref Candidate c in items)
            if (seen[c.Id] > 0)
                c.Logit = Repeated(c.Logit, penalty);
    }

    /// <summary>Subtracts the frequency penalty for each occurrence, and the presence penalty once.</summary>
    public static void Occurrence(Candidates candidates, TokenCounts seen, float frequency, float presence)
    {
        Span<Candidate> items = candidates.Items;
        if (candidates.IsWhole)
        {
            for (int place = 0; place < seen.Places; place++)
            {
                (int token, int count) = seen.At(place);
                if (count > 0 && (uint)token < (uint)items.Length)
                    items[token].Logit -= count * frequency + presence;
            }
            return;
        }
        foreach (ref Candidate c in items)
            if (seen[c.Id] is > 0 and int count)
                c.Logit -= count * frequency + presence;
    }

    private static float Repeated(float logit, float penalty) => logit > 0 ? logit / penalty : logit * penalty;
}
