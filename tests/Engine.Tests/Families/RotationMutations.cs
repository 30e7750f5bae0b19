namespace Tessera.Engine.Tests.Families;

/// <summary>Every rotation that differs in a single thing from a given one, for sequences of a planned length.</summary>
internal static class RotationMutations
{
    public static IEnumerable<(string What, RopeTable Table)> Of(RopeTable table, int planned)
    {
        bool isLong = table.Long is not null && planned > table.Long.AboveTokens, isStretched = table.Stretch is not null && planned > table.Stretch.OriginalContext;
        if (isLong)
        {
            yield return ("no long rotation", table with { Long = null });
            foreach ((string what, RopeTable other) in Of(new RopeTable(table.Pairing, table.Long!.Frequencies, table.Long.Magnitude), 0))
                yield return ($"long {what}", table with { Long = new LongRope(table.Long.AboveTokens, other.Frequencies, other.Magnitude) });
            yield break;
        }
        yield return ("magnitude", table with { Magnitude = table.Magnitude * 1.1f });
        if (table.Long is not null)
            yield return ("long for short", table with { Long = table.Long with { AboveTokens = -1 } });
        if (isStretched)
        {
            yield return ("no stretch", table with { Stretch = null });
            yield return ("stretch base", table with { Stretch = table.Stretch! with { Base = table.Stretch.Base * 2 } });
            yield return ("stretch factor", table with { Stretch = table.Stretch! with { Factor = table.Stretch.Factor + 1 } });
            yield return ("stretch context", table with { Stretch = table.Stretch! with { OriginalContext = table.Stretch.OriginalContext / 2 } });
            yield break;
        }
        for (int i = 0; i < table.Frequencies.Length; i++)
        {
            float[] frequencies = [.. table.Frequencies];
            frequencies[i] *= 2;
            yield return ($"frequency {i}", table with { Frequencies = frequencies });
        }
    }
}
