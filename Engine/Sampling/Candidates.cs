namespace Tessera.Engine.Sampling;

/// <summary>The tokens that may be drawn, in one reused buffer; samplers change logits and shorten it.</summary>
internal sealed class Candidates(int vocabulary)
{
    private readonly Candidate[] _items = new Candidate[vocabulary];

    /// <summary>How many are left.</summary>
    public int Count { get; private set; }

    /// <summary>True while candidate i is token i.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Those that are left.</summary>
    public Span<Candidate> Items => _items.AsSpan(0, Count);

    /// <summary>Takes every token in. False: a logit is NaN or +∞, or none is finite.</summary>
    public bool Load(ReadOnlySpan<float> logits)
    {
        Span<Candidate> items = _items.AsSpan(0, logits.Length);
        bool broken = false, any = false;
        for (int i = 0; i < logits.Length; i++)
        {
            float logit = logits[i];
            broken |= !(logit < float.PositiveInfinity);
            any |= logit > float.NegativeInfinity;
            items[i].Id = i;
            items[i].Logit = logit;
        }
        Count = logits.Length;
        IsWhole = true;
        return any && !broken;
    }

    /// <summary>Takes in the tokens whose logits are no lower than a threshold. The logits are numbers, and one at least is that high.</summary>
    public void Load(ReadOnlySpan<float> logits, float threshold)
    {
        Count = Shortlist.Collect(logits, threshold, _items);
        IsWhole = Count == logits.Length;
    }

    /// <summary>Takes in tokens that were found elsewhere.</summary>
    public void Load(ReadOnlySpan<BestToken> best)
    {
        for (int i = 0; i < best.Length; i++)
            _items[i] = new Candidate { Id = best[i].Token, Logit = best[i].Logit };
        Count = best.Length;
        IsWhole = false;
    }

    /// <summary>Keeps the first so many.</summary>
    public void Truncate(int count)
    {
        IsWhole &= count == Count;
        Count = count;
    }

    /// <summary>Says that the candidates' order has changed.</summary>
    public void Reordered() => IsWhole = false;

    /// <summary>The highest logit.</summary>
    public float Max()
    {
        float max = float.NegativeInfinity;
        foreach (ref readonly Candidate c in Items)
            max = Math.Max(max, c.Logit);
        return max;
    }

    /// <summary>Σ exp(logit − max).</summary>
    public double SumExp(float max)
    {
        double sum = 0;
        foreach (ref readonly Candidate c in Items)
            sum += MathF.Exp(c.Logit - max);
        return sum;
    }

    /// <summary>Sets the probabilities.</summary>
    public void Softmax()
    {
        float max = Max();
        double sum = 0;
        Span<Candidate> items = Items;
        foreach (ref Candidate c in items)
            sum += c.Probability = MathF.Exp(c.Logit - max);
        double scale = 1 / sum;
        foreach (ref Candidate c in items)
            c.Probability = (float)(c.Probability * scale);
    }

    /// <summary>The candidate with the highest logit, the lowest id of equals.</summary>
    public int Best()
    {
        Span<Candidate> items = Items;
        int best = 0;
        for (int i = 1; i < items.Length; i++)
            if (items[i].Logit > items[best].Logit || (items[i].Logit == items[best].Logit && items[i].Id < items[best].Id))
                best = i;
        return best;
    }

    /// <summary>Where a token is, or −1.</summary>
    public int IndexOf(int token)
    {
        if (IsWhole)
            return (uint)token < (uint)Count ? token : -1;
        Span<Candidate> items = Items;
        for (int i = 0; i < items.Length; i++)
            if (items[i].Id == token)
                return i;
        return -1;
    }

    /// <summary>The token at which the running sum of probabilities passes a uniform number from [0, 1).</summary>
    public int Draw(double uniform)
    {
        Softmax();
        return DrawByProbability(uniform);
    }

    /// <summary>As <see cref="Draw"/>, by the probabilities as they stand, whatever their sum; −1 when none is above 0.</summary>
    public int DrawByProbability(double uniform)
    {
        Span<Candidate> items = Items;
        double sum = 0;
        foreach (ref readonly Candidate c in items)
            sum += c.Probability;
        double left = uniform * sum;
        int last = -1;
        foreach (ref readonly Candidate c in items)
        {
            if (c.Probability <= 0)
                continue;
            last = c.Id;
            left -= c.Probability;
            if (left < 0)
                break;
        }
        return last;
    }
}
