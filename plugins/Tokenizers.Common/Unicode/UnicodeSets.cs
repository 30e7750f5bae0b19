namespace Tessera.Tokenizers.Common.Unicode;

/// <summary>Binary properties and scripts of the <see href="https://www.unicode.org/reports/tr24/">Unicode Character Database</see>, as ranges of code points.</summary>
public sealed class UnicodeSets
{
    private const string ScriptPrefix = "Script=";

    private static readonly Lazy<UnicodeSets> Loaded = new(() => new UnicodeSets());

    private readonly Dictionary<string, int[]> _sets = new(StringComparer.Ordinal);

    private UnicodeSets()
    {
        foreach (string line in UnicodeFile.Lines("Sets"))
        {
            int space = line.IndexOf(' ');
            _sets[Fold(line.AsSpan(0, space))] = UnicodeFile.Ranges(line.AsSpan(space + 1));
        }
    }

    /// <summary>The tables; read at the first call.</summary>
    public static UnicodeSets Instance => Loaded.Value;

    /// <summary>First and last of each range of a property or script, ascending; null where the name is not known. Case, spaces, '_' and '-' do not count.</summary>
    public int[]? Find(ReadOnlySpan<char> name)
    {
        string folded = Fold(name);
        return _sets.GetValueOrDefault(folded) ?? _sets.GetValueOrDefault(Fold(ScriptPrefix) + folded);
    }

    /// <summary>The script of every code point as a number from 1; 0 where it has none.</summary>
    internal PointTable NumberScripts(out Func<string, int> numberOf)
    {
        PointTable table = new();
        Dictionary<string, int> numbers = [];
        foreach ((string name, int[] ranges) in _sets)
        {
            if (!name.StartsWith(Fold(ScriptPrefix), StringComparison.Ordinal))
                continue;
            int number = numbers[name] = numbers.Count + 1;
            for (int i = 0; i < ranges.Length; i += 2)
                for (int point = ranges[i]; point <= ranges[i + 1]; point++)
                    table.Set(point, number);
        }
        numberOf = name => numbers[Fold(ScriptPrefix + name)];
        return table;
    }

    private static string Fold(ReadOnlySpan<char> name)
    {
        Span<char> folded = stackalloc char[Math.Min(name.Length, 64)];
        int length = 0;
        foreach (char c in name[..folded.Length])
            if (c is not (' ' or '_' or '-'))
                folded[length++] = char.ToLowerInvariant(c);
        return folded[..length].ToString();
    }
}
