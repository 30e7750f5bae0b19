using System.Globalization;
using System.Text;

namespace Tessera.Tokenizers.Common.Unicode;

/// <summary>Reads the tables that ship inside this assembly: lines of words, of which most are code points in hex.</summary>
internal static class UnicodeFile
{
    public static IEnumerable<string> Lines(string name)
    {
        using Stream stream = typeof(UnicodeFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The table '{name}' is not in this assembly.");
        using StreamReader reader = new(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
            if (line.Length > 0 && line[0] != '#')
                yield return line;
    }

    public static int Point(ReadOnlySpan<char> word) => int.Parse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Reads <c>41-5A 61 …</c> into first and last of each range.</summary>
    public static int[] Ranges(ReadOnlySpan<char> words)
    {
        List<int> ranges = [];
        foreach (Range range in words.Split(' '))
        {
            ReadOnlySpan<char> word = words[range];
            int dash = word.IndexOf('-');
            ranges.Add(Point(dash < 0 ? word : word[..dash]));
            ranges.Add(dash < 0 ? ranges[^1] : Point(word[(dash + 1)..]));
        }
        return [.. ranges];
    }
}
