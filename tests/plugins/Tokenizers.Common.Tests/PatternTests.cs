using System.Text;
using Tessera.Tokenizers.Common.Patterns;
using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizers.Common.Tests;

public class PatternTests
{
    [Theory]
    [InlineData("a+", "baac a", "1-3 5-6")]
    [InlineData("a|ab", "ab", "0-1")] // the first that fits, not the longest
    [InlineData("a*?b", "aab", "0-3")]
    [InlineData("a{2,3}?", "aaaa", "0-2 2-4")]
    [InlineData("a{2}", "aaaaa", "0-2 2-4")]
    [InlineData("a{,2}b", "aaab", "1-4")]
    [InlineData("a{b", "a{b", "0-3")] // no interval, so text
    [InlineData("a{1,2}+b", "aaaaab", "0-6")] // Ruby's: a plus behind an interval repeats it
    [InlineData("a++a", "aaa", "")]
    [InlineData("(?>a|ab)c", "abc", "")]
    [InlineData("a(?=b)|b(?!b)", "abb", "0-1 2-3")]
    [InlineData("(?<=a)b|(?<!a)c", "abcac", "1-2 2-3")]
    [InlineData("(?<=^|ab)c", "cabc", "0-1 3-4")]
    [InlineData("\\ba|a\\b", "ab ba", "0-1 4-5")]
    [InlineData("^a|a$", "a\naba\n", "0-1 2-3 4-5")]
    [InlineData("\\Aa|a\\z", "aaa", "0-1 2-3")]
    [InlineData("a\\Z", "a\n", "0-1")]
    [InlineData(".", "a\nb", "0-1 2-3")]
    [InlineData("(?m:.)", "a\nb", "0-1 1-2 2-3")]
    [InlineData("a(?i)b|c", "aB aC c", "0-2 3-5")] // to the end of the group, alternatives too
    [InlineData("(?i:ſ|K)", "sSſkK\u212A", "0-1 1-2 2-3 3-4 4-5 5-6")]
    [InlineData("(?x: a b # c\n)", "ab", "0-2")]
    [InlineData("(?#c)a(?<n>b)(c)", "abc", "0-3")]
    [InlineData("[a-cx]+", "abxd", "0-3")]
    [InlineData("[^a-c]", "adb", "1-2")]
    [InlineData("[a-z&&[^b-y]]+", "abz", "0-1 2-3")]
    [InlineData("[]a]+|[a-]+", "]a-", "0-2 2-3")]
    [InlineData("[[:alpha:][:digit:]]+", "é1_", "0-2")]
    [InlineData("[\\s\\d]+", "a 1", "1-3")]
    [InlineData("\\p{Lu}\\p{^Lu}\\P{L}", "Aa1", "0-3")]
    [InlineData("\\p{Han}+|\\p{Script=Greek}", "中国α", "0-2 2-3")]
    [InlineData("\\x41\\u0042\\x{43}\\n", "ABC\n", "0-4")]
    // Code points beyond U+FFFF are one each, with their own classes.
    [InlineData("\\p{L}+", "a\uD835\uDC00😀", "0-2")]
    [InlineData("[^\\s\\p{L}\\p{N}]+", "\uD835\uDC00😀\uD835\uDFD9", "1-2")]
    [InlineData("[😀-😂]", "😁", "0-1")]
    [InlineData(".", "😀", "0-1")]
    // Empty matches count, but not right behind a match.
    [InlineData("(?=b)", "abab", "1-1 3-3")]
    [InlineData("a*", "aab", "0-2 3-3")]
    [InlineData("(a*)*b", "aab", "0-3")]
    public void A_pattern_matches_as_Oniguruma_does(string pattern, string text, string expected)
    {
        Assert.Equal(expected, Find(TextPattern.Parse(pattern, "test"), text, null));
        Assert.Equal(expected, Find(TextPattern.Parse(pattern, "test"), text, 0));
    }

    [Fact]
    public void The_careful_search_finds_what_the_quick_one_does()
    {
        Random random = new(3);
        int matches = 0;
        for (int i = 0; i < 3000; i++)
        {
            TextPattern pattern = TextPattern.Parse(Alternatives(random, 0), "test");
            StringBuilder text = new();
            for (int n = random.Next(1, 14); n > 0; n--)
                text.Append("aabbc 1\n"[random.Next(8)]);
            string quick = Find(pattern, text.ToString(), long.MaxValue / 1000);
            Assert.Equal(quick, Find(pattern, text.ToString(), 0));
            matches += quick.Length > 0 ? 1 : 0;
        }
        Assert.True(matches > 1000, $"{matches} of 3000 matched");
    }

    [Theory]
    [InlineData("(a|aa)+$")]
    [InlineData("(a+)+b")]
    [InlineData("a(?=.*b)|c")]
    [InlineData("a++b")]
    [InlineData("(?:a?){30}b")]
    [InlineData(".*.*.*=.*")]
    public void Twice_the_text_takes_about_twice_the_steps(string pattern)
    {
        long one = Steps(pattern, 20_000), two = Steps(pattern, 40_000);
        Assert.True(two < 3 * one, $"{one} steps, then {two}");
    }

    [Theory]
    [InlineData("a{5000}b")]
    [InlineData("a(?=a{5000}b)c")]
    [InlineData("(?<=.{5000}b)a")]
    public void A_pattern_that_goes_through_thousands_of_steps_at_every_place_is_refused(string pattern)
    {
        CodePoints points = new();
        points.Set(new string('a', 20_000));
        PatternSearch search = new(TextPattern.Parse(pattern, "here"));
        search.Start(points, 0, points.Length);
        Assert.StartsWith("here: the pattern takes more than 2000 steps", Assert.Throws<TesseraException>(() => search.TryNext(out _, out _)).Message);
    }

    [Theory]
    [InlineData("(a", "')'")]
    [InlineData("a)", "')'")]
    [InlineData("[a", "']'")]
    [InlineData("*a", "repeats nothing")]
    [InlineData("a{3,2}", "3 to 2")]
    [InlineData("a{99999}", "interval")]
    [InlineData("[b-a]", "range")]
    [InlineData("\\x{110000}", "code point")]
    [InlineData("\\p{Lu", "'}'")]
    [InlineData("\\", "'\\'")]
    public void What_is_no_pattern_is_refused(string pattern, string expected) =>
        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => TextPattern.Parse(pattern, "test")).Message);

    [Theory]
    [InlineData("(a)\\1", "'\\1'")]
    [InlineData("(?<=a+)b", "look-behind")]
    [InlineData("\\p{Klingon}", "Klingon")]
    [InlineData("\\X", "'\\X'")]
    [InlineData("(?~a)", "(?~")]
    [InlineData("(?:(?:(?:a{100}){100}){100})", "steps")]
    public void What_is_not_supported_is_named(string pattern, string expected)
    {
        UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => TextPattern.Parse(pattern, "here"));
        Assert.Contains(expected, e.Message);
        Assert.StartsWith("here", e.Message);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        Assert.Throws<ModelFormatException>(() => TextPattern.Parse(new string('(', 5000) + new string(')', 5000), "test"));
        Assert.Throws<ModelFormatException>(() => TextPattern.Parse(new string('[', 5000), "test"));
        Assert.Throws<ModelFormatException>(() => TextPattern.Parse("a" + new string('*', 5000), "test"));
    }

    [Fact]
    public void A_piece_is_all_that_the_pattern_sees()
    {
        CodePoints text = new();
        text.Set("xab");
        PatternSearch search = new(TextPattern.Parse("^a|(?<=x)b|a$", "test"));
        search.Start(text, 1, 2);
        Assert.True(search.TryNext(out int start, out int end));
        Assert.Equal((1, 2), (start, end));
        Assert.False(search.TryNext(out _, out _));
    }

    [Fact]
    public void Kana_count_as_Han_and_a_space_as_anything()
    {
        Scripts scripts = Scripts.Instance;
        Assert.Equal(scripts.Of('漢'), scripts.Of('か'));
        Assert.Equal(scripts.Of('漢'), scripts.Of('カ'));
        Assert.Equal(scripts.Of('漢'), scripts.Of('ー'));
        Assert.Equal(Scripts.Any, scripts.Of(' '));
        Assert.NotEqual(scripts.Of('a'), scripts.Of('α'));
    }

    private static string Find(TextPattern pattern, string text, long? quickSteps)
    {
        CodePoints points = new();
        points.Set(text);
        PatternSearch search = quickSteps is { } steps ? new(pattern, steps) : new(pattern);
        search.Start(points, 0, points.Length);
        List<string> found = [];
        while (search.TryNext(out int start, out int end))
            found.Add($"{start}-{end}");
        return string.Join(' ', found);
    }

    private static long Steps(string pattern, int length)
    {
        CodePoints points = new();
        points.Set(new string('a', length) + "c");
        PatternSearch search = new(TextPattern.Parse(pattern, "test"));
        search.Start(points, 0, points.Length);
        while (search.TryNext(out _, out _))
        {
        }
        return search.Steps;
    }

    private static string Alternatives(Random random, int depth)
    {
        string text = Row(random, depth);
        while (random.Next(3) == 0)
            text += "|" + Row(random, depth);
        return text;
    }

    private static string Row(Random random, int depth)
    {
        string[] simple = ["a", "b", "[ab]", "[^a]", ".", "\\s", "\\w", "ab", "c"];
        string[] quantifiers = ["", "", "", "*", "+", "?", "*?", "+?", "++", "{2}", "{1,2}", "{2,}"];
        StringBuilder text = new();
        for (int n = random.Next(1, 4); n > 0; n--)
        {
            string open = random.Next(6) switch { 0 => "(?=", 1 => "(?!", 2 => "(?>", _ => "(?:" };
            bool nested = depth < 2 && random.Next(3) == 0;
            string atom = nested ? open + Alternatives(random, depth + 1) + ")" : simple[random.Next(simple.Length)];
            // A loop over what may be empty is the careful search's alone.
            text.Append(atom).Append(nested ? "" : quantifiers[random.Next(quantifiers.Length)]);
        }
        return text.ToString();
    }
}
