namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>A regular expression over code points that takes linear time on any text. Immutable.</summary>
/// <remarks>Backtracking as <see href="https://github.com/kkos/oniguruma">Oniguruma</see> does it; where that takes too many steps, the search begins anew and remembers
/// for every choice and place how it ended, so none is made twice.</remarks>
public sealed class TextPattern
{
    private const int LongestPattern = 20_000;

    private TextPattern(PatternProgram quick, PatternProgram careful, string where) => (Quick, Careful, Where) = (quick, careful, where);

    internal PatternProgram Quick { get; }

    internal PatternProgram Careful { get; }

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
        PatternNode node = PatternParser.Parse(pattern, where);
        return new TextPattern(PatternCompiler.Compile(node, where, true), PatternCompiler.Compile(node, where, false), where);
    }
}
