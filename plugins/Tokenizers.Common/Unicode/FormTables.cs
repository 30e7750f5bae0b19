using Tessera.Tokenizers.Common.Merging;

namespace Tessera.Tokenizers.Common.Unicode;

/// <summary>What normalization needs to know of each code point: its full decompositions, its combining class, what it composes to.</summary>
internal sealed class FormTables
{
    internal const int FirstSyllable = 0xAC00, Syllables = 19 * 21 * 28, FirstLead = 0x1100, FirstVowel = 0x1161, BeforeTrail = 0x11A7;

    private static readonly Lazy<FormTables> Loaded = new(() => new FormTables());

    private readonly List<int> _pool = [0];
    private readonly PointTable _canonical = new();
    private readonly PointTable _compatible = new();
    private readonly PointTable _class = new();
    private readonly PairTable _pairs = new(2048);
    // Bit f: form f may change the code point or what stands before it.
    private readonly PointTable _active = new();

    private FormTables()
    {
        Dictionary<string, int> composites = new(StringComparer.Ordinal);
        foreach (string line in UnicodeFile.Lines("Forms"))
        {
            if (line[0] == 'M')
                ReadClass(line);
            else
                ReadDecomposition(line, composites);
        }
        foreach ((string parts, int composite) in composites)
            AddPair(parts, composite, composites);
        for (int i = 0; i < Syllables; i++)
            Activate(FirstSyllable + i, 1 << (int)UnicodeForm.Nfd | 1 << (int)UnicodeForm.Nfkd);
        for (int i = 0; i < 21; i++)
            Activate(FirstVowel + i, Composing);
        for (int i = 1; i < 28; i++)
            Activate(BeforeTrail + i, Composing);
    }

    private static int Composing => 1 << (int)UnicodeForm.Nfc | 1 << (int)UnicodeForm.Nfkc;

    private static int All => 0b1111;

    /// <summary>The tables; read at the first call.</summary>
    public static FormTables Instance => Loaded.Value;

    public int Class(int point) => _class[point];

    public bool IsActive(int point, UnicodeForm form) => (_active[point] >> (int)form & 1) != 0;

    /// <summary>What a code point becomes; empty where it stays. Hangul syllables are not in the table.</summary>
    public ReadOnlySpan<int> Decomposition(int point, bool compatible)
    {
        int at = compatible ? _compatible[point] : 0;
        if (at == 0)
            at = _canonical[point];
        return at == 0 ? [] : System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pool).Slice(at + 1, _pool[at]);
    }

    /// <summary>What two code points become, or −1.</summary>
    public int Compose(int first, int second)
    {
        if ((uint)(first - FirstLead) < 19 && (uint)(second - FirstVowel) < 21)
            return FirstSyllable + ((first - FirstLead) * 21 + second - FirstVowel) * 28;
        if ((uint)(first - FirstSyllable) < Syllables && (first - FirstSyllable) % 28 == 0 && (uint)(second - BeforeTrail - 1) < 27)
            return first + second - BeforeTrail;
        return (int)_pairs.Find(first, second);
    }

    private void ReadClass(string line)
    {
        int space = line.IndexOf(' ', 2);
        int value = int.Parse(line.AsSpan(2, space - 2), System.Globalization.CultureInfo.InvariantCulture);
        int[] ranges = UnicodeFile.Ranges(line.AsSpan(space + 1));
        for (int i = 0; i < ranges.Length; i += 2)
            for (int point = ranges[i]; point <= ranges[i + 1]; point++)
            {
                _class.Set(point, value);
                Activate(point, All);
            }
    }

    private void ReadDecomposition(string line, Dictionary<string, int> composites)
    {
        ReadOnlySpan<char> rest = line.AsSpan(line.IndexOf(' ') + 1);
        int space = rest.IndexOf(' ');
        int point = UnicodeFile.Point(rest[..space]);
        rest = rest[(space + 1)..];
        bool compatible = line[0] == 'K';
        (compatible ? _compatible : _canonical).Set(point, _pool.Count);
        int at = _pool.Count;
        _pool.Add(0);
        foreach (Range range in rest.Split(' '))
            _pool.Add(UnicodeFile.Point(rest[range]));
        _pool[at] = _pool.Count - at - 1;
        bool composes = !compatible && line[1] != '!';
        if (composes)
            composites.Add(rest.ToString(), point);
        Activate(point, compatible ? 1 << (int)UnicodeForm.Nfkd | 1 << (int)UnicodeForm.Nfkc : composes ? 1 << (int)UnicodeForm.Nfd | 1 << (int)UnicodeForm.Nfkd : All);
    }

    // A composite is what all but the last of its parts compose to, and the last.
    private void AddPair(string parts, int composite, Dictionary<string, int> composites)
    {
        int space = parts.LastIndexOf(' ');
        int second = UnicodeFile.Point(parts.AsSpan(space + 1));
        string before = parts[..space];
        if (!composites.TryGetValue(before, out int first))
            first = UnicodeFile.Point(before);
        _pairs.TryAdd(first, second, composite);
        Activate(second, Composing);
    }

    private void Activate(int point, int forms) => _active.Set(point, _active[point] | forms);
}
