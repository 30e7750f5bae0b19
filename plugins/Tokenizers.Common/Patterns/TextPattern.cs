namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>A regular expression over code points that takes linear time on any text. Immutable.</summary>
/// <remarks>Backtracking as <see href="https://github.com/kkos/oniguruma">Oniguruma</see> does it; where that takes too many steps, the search begins anew and remembers
/// for every choice and place how it ended, so none is made twice.</remarks>
public sealed class TextPattern
{
    private const int LongestPattern = 20_000;

    private TextPattern(PatternNode node, string where)
    {
        Quick = PatternCompiler.Compile(node, where, useRuns: true);
        Careful = PatternCompiler.Compile(node, where, useRuns: false);
        First = FirstPoints.Of(node);
        Where = where;
    }

    internal PatternProgram Quick { get; }

    internal PatternProgram Careful { get; }

    /// <summary>With what every match begins, or null.</summary>
    internal PointSet? First { get; }

    internal string Where { get; }

    /// <summary>Reads a pattern in Oniguruma's syntax.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="where">What it belongs to, for error texts.</param>
    /// <exception cref="ModelFormatException">It is no pattern.</exception>
    /// <exception cref="UnsupportedModelException">It uses something that is not supported here: back references, look-behind of no fixed length, unknown properties.</exception>
    public static TextPattern Parse(string pattern, string where)
    {
        if (pattern.Length > LongestPattern)
            throw new UnsupportedModelException($"{where}: the pattern is {pattern.Length} characters long, at most {LongestPattern} are supported");
        return new TextPattern(PatternParser.Parse(pattern, where), where);
    }
}
