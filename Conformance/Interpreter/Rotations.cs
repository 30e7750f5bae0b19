namespace Tessera.Conformance.Interpreter;

/// <summary>The rotation of a head, in double precision.</summary>
internal static class Rotations
{
    /// <summary>Rotates one head.</summary>
    /// <param name="x">The head.</param>
    /// <param name="table">The rotation.</param>
    /// <param name="offset">The first element that rotates.</param>
    /// <param name="position">The row's position.</param>
    /// <param name="planned">The tokens that its sequence is planned for.</param>
    /// <param name="result">As long as the head.</param>
    public static void Rotate(ReadOnlySpan<double> x, RopeTable table, int offset, int position, int planned, Span<double> result)
    {
        x.CopyTo(result);
        int pairs = table.Frequencies.Length;
        double magnitude = table.Long is not null && planned > table.Long.AboveTokens ? table.Long.Magnitude : table.Magnitude;
        for (int i = 0; i < pairs; i++)
        {
            int first = offset + (table.Pairing == RopePairing.Interleaved ? 2 * i : i);
            int second = offset + (table.Pairing == RopePairing.Interleaved ? 2 * i + 1 : i + pairs);
            double angle = position * Frequency(table, i, planned);
            double cos = Math.Cos(angle) * magnitude, sin = Math.Sin(angle) * magnitude;
            result[first] = x[first] * cos - x[second] * sin;
            result[second] = x[first] * sin + x[second] * cos;
        }
    }

    /// <summary>Radians for each position of a pair, for a sequence of a planned length.</summary>
    public static double Frequency(RopeTable table, int pair, int planned)
    {
        if (table.Long is not null && planned > table.Long.AboveTokens)
            return table.Long.Frequencies[pair];
        if (table.Stretch is not { } stretch || planned <= stretch.OriginalContext)
            return table.Frequencies[pair];
        double d = 2.0 * table.Frequencies.Length;
        double growth = stretch.Factor * planned / stretch.OriginalContext - (stretch.Factor - 1);
        double changed = stretch.Base * Math.Pow(growth, d / (d - 2));
        return Math.Pow(changed, -2 * pair / d);
    }
}
