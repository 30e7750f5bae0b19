namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>With what a pattern's matches can begin, so that a search need not try every place.</summary>
internal static class FirstPoints
{
    private const int MostSets = 6;

    /// <summary>The code points; null where a match may be empty, or where asking would cost as much as trying.</summary>
    public static PointSet? Of(PatternNode node)
    {
        List<PointSet> sets = [];
        return Collect(node, sets) && sets.Count <= MostSets ? new PointSet(new AnySet(sets)) : null;
    }

    // Whether every match takes a code point of the sets first.
    private static bool Collect(PatternNode node, List<PointSet> sets)
    {
        switch (node)
        {
            case PatternNode.One one:
                if (sets.Count <= MostSets)
                    sets.Add(one.Set);
                return true;
            case PatternNode.Row row:
                foreach (PatternNode part in row.Parts)
                    if (Collect(part, sets))
                        return true;
                return false;
            case PatternNode.Either either:
                bool all = true;
                foreach (PatternNode part in either.Parts)
                    all &= Collect(part, sets);
                return all;
            case PatternNode.Repeat repeat:
                return repeat.Most > 0 && Collect(repeat.Part, sets) && repeat.Least > 0;
            case PatternNode.Atomic atomic:
                return Collect(atomic.Part, sets);
            default:
                return false;
        }
    }

    private sealed class AnySet(List<PointSet> sets) : PointTest
    {
        public override bool Has(int point)
        {
            foreach (PointSet set in sets)
                if (set.Has(point))
                    return true;
            return false;
        }
    }
}
