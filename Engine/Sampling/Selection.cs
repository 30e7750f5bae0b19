namespace Tessera.Engine.Sampling;

/// <summary>Partial selection: brings the best candidates to the front without sorting the rest.</summary>
internal static class Selection
{
    private const int Buckets = 512;
    private const int SmallRange = 64;
    private const int MaxRounds = 8;

    /// <summary>Finds the shortest head, best keys first, with at least a mass and at least a count, and moves it to the front.</summary>
    /// <returns>The head's length; all when the mass is never reached.</returns>
    /// <remarks>Each round counts keys in buckets of equal width and goes on inside the bucket that holds the cut.</remarks>
    public static int Head(Span<Candidate> items, double mass, int least)
    {
        Span<int> counts = stackalloc int[Buckets];
        Span<double> masses = stackalloc double[Buckets];
        int low = 0, high = items.Length;
        double before = 0;
        for (int round = 0; high - low > SmallRange && round < MaxRounds; round++)
        {
            Span<Candidate> range = items[low..high];
            if (!Extent(range, out float best, out float scale))
            {
                // Nothing but −∞ is left, such as what a grammar forbids: it has no mass, and need not be sorted.
                if (best == float.NegativeInfinity)
                    return Math.Max(low, 1);
                break;
            }
            counts.Clear();
            masses.Clear();
            foreach (ref readonly Candidate c in range)
            {
                int bucket = Bucket(c.Key, best, scale);
                counts[bucket]++;
                masses[bucket] += c.Probability;
            }
            int cut = 0, count = 0;
            double sum = before;
            while (cut < Buckets && (sum + masses[cut] < mass || low + count + counts[cut] < least))
            {
                count += counts[cut];
                sum += masses[cut++];
            }
            if (cut == Buckets)
                return high;
            int end = Partition(range, best, scale, cut);
            Partition(range[..end], best, scale, cut - 1);
            high = low + end;
            low += count;
            before = sum;
        }
        items[low..high].Sort();
        for (int i = low; i < high; i++)
        {
            before += items[i].Probability;
            if (before >= mass && i + 1 >= least)
                return i + 1;
        }
        return high;
    }

    /// <summary>The best key and the buckets to one unit; false when all keys are equal.</summary>
    private static bool Extent(Span<Candidate> range, out float best, out float scale)
    {
        float worst = float.PositiveInfinity, worstFinite = float.PositiveInfinity;
        best = float.NegativeInfinity;
        foreach (ref readonly Candidate c in range)
        {
            float key = c.Key;
            best = key > best ? key : best;
            worst = key < worst ? key : worst;
            worstFinite = key < worstFinite && key > float.NegativeInfinity ? key : worstFinite;
        }
        float width = best - worstFinite;
        scale = Buckets / (width > 0 ? width : 1);
        return best > worst && float.IsFinite(scale);
    }

    // Ascends as keys descend; what is not finite falls into the last bucket.
    private static int Bucket(float key, float best, float scale) => (int)Math.Min((best - key) * scale, Buckets - 1);

    /// <summary>Moves the candidates up to a bucket to the front; returns their number.</summary>
    private static int Partition(Span<Candidate> range, float best, float scale, int last)
    {
        int store = 0;
        for (int i = 0; i < range.Length; i++)
        {
            if (Bucket(range[i].Key, best, scale) > last)
                continue;
            (range[i], range[store]) = (range[store], range[i]);
            store++;
        }
        return store;
    }
}
