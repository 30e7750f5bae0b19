namespace Tessera.Engine.Sampling;

/// <summary>Partial selection: brings the best candidates to the front without sorting the rest.</summary>
internal static class Selection
{
    private const int SmallRange = 24;
    private const int MaxPartitions = 96;

    /// <summary>Finds the shortest head, best keys first, with at least a mass and at least a count, and moves it to the front.</summary>
    /// <returns>The head's length; all when the mass is never reached.</returns>
    public static int Head(Span<Candidate> items, double mass, int least)
    {
        int low = 0, high = items.Length;
        double before = 0;
        for (int round = 0; high - low > SmallRange && round < MaxPartitions; round++)
        {
            int pivot = Partition(items, low, high);
            double head = before;
            for (int i = low; i < pivot; i++)
                head += items[i].Probability;
            if (pivot > low && head >= mass && pivot >= least)
            {
                high = pivot;
                continue;
            }
            before = head + items[pivot].Probability;
            low = pivot + 1;
            if (before >= mass && low >= least)
                return low;
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

    /// <summary>Moves what comes before a middling element to its left; returns where that element ended.</summary>
    private static int Partition(Span<Candidate> items, int low, int high)
    {
        int last = high - 1;
        int middle = MedianOfThree(items, low, low + (high - low) / 2, last);
        (items[middle], items[last]) = (items[last], items[middle]);
        Candidate pivot = items[last];
        int store = low;
        for (int i = low; i < last; i++)
            if (items[i].CompareTo(pivot) < 0)
            {
                (items[i], items[store]) = (items[store], items[i]);
                store++;
            }
        (items[store], items[last]) = (items[last], items[store]);
        return store;
    }

    private static int MedianOfThree(Span<Candidate> items, int a, int b, int c)
    {
        if (items[a].CompareTo(items[b]) > 0)
            (a, b) = (b, a);
        if (items[b].CompareTo(items[c]) <= 0)
            return b;
        return items[a].CompareTo(items[c]) > 0 ? a : c;
    }
}
