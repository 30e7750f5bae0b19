using System.Text;
using Tessera.Engine.Grammars;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>The notation: what it stands for, and what is said of texts that are none.</summary>
public sealed class GrammarTests
{
    [Theory]
    [InlineData("root ::= \"a\" \"b\"", "ab", "a|b|abc|")]
    [InlineData("root ::= \"a\" | \"b\" |", "a|b|", "ab|c")]
    [InlineData("root ::= | \"b\"", "|b", "bb")]
    [InlineData("root ::= \"\"", "", "a")]
    [InlineData("root ::= [abx-z]", "a|b|x|y|z", "c|-|w|")]
    [InlineData("root ::= [^abx-z]", "c|-|w|é|\n", "a|b|x|y|z|")]
    [InlineData("root ::= [-+*/]", "-|+|*|/", ",")]
    [InlineData("root ::= [a-]", "a|-", "b")]
    [InlineData("root ::= [^-]", "a", "-")]
    [InlineData("root ::= [+#]", "+|#", "")]
    [InlineData("root ::= [\\[\\]\\\\\\\"^]", "[|]|\\|\"|^", "a")]
    [InlineData("root ::= [a^]", "a|^", "b")]
    [InlineData("root ::= .", "a|\n|é|漢|😀", "|ab")]
    [InlineData("root ::= \"\\n\\r\\t\\\\\\\"\\[\\]\"", "\n\r\t\\\"[]", "")]
    [InlineData("root ::= \"\\x41\\xe9\\u2192\\U0001F600\"", "Aé→😀", "A")]
    [InlineData("root ::= \"é漢😀\"", "é漢😀", "é")]
    [InlineData("root ::= \"a\"*", "|a|aa|aaa", "b|ab")]
    [InlineData("root ::= \"a\"+", "a|aa|aaa", "|b")]
    [InlineData("root ::= \"a\"?", "|a", "aa")]
    [InlineData("root ::= \"ab\"{2}", "abab", "ab|ababab|")]
    [InlineData("root ::= \"ab\"{1,}", "ab|abab|ababab", "|a")]
    [InlineData("root ::= [a\\-z]+", "a|-|z-a", "b|\\")]
    [InlineData("root ::= \"ab\"{0,2}", "|ab|abab", "ababab")]
    [InlineData("root ::= \"ab\"{ 1 , 3 } \"c\"", "abc|ababc|abababc", "c|ababababc")]
    [InlineData("root ::= \"a\"{0} \"b\"", "b", "ab")]
    [InlineData("root ::= \"a\"{2}{2}?", "|aaaa", "aa|aaa")]
    [InlineData("root ::= \"ab\" \"c\"*", "ab|abcc", "abab")]
    [InlineData("root ::= (\"a\" | \"b\" \"c\")+ \"d\"", "ad|bcd|abcad", "d|bd")]
    [InlineData("root ::= (\n \"a\" # one\n | # or\n \"b\"\n)", "a|b", "")]
    [InlineData("root ::= \"a\" |\n\n  \"b\"", "a|b", "")]
    [InlineData("# first\n\nroot ::= # here\n x-1 y_2\r\nx-1 ::= \"a\"\r\n\r\ny_2 ::= \"b\" # last", "ab", "a")]
    [InlineData("b ::= \"b\"\nroot ::= \"a\" b", "ab", "b")]
    [InlineData("root ::= \"(\" root \")\" | \"\"", "|()|((()))", "(|)|(()")]
    [InlineData("root ::= a\na ::= \"x\" a \"y\" | b?\nb ::= \"z\"", "|z|xy|xzy|xxyy", "x|y|xz")]
    [InlineData("root ::= (\"a\"?)*  ((\"b\"?)+)* \"c\"", "c|aac|abbc", "ba")]
    [InlineData("root ::= \"a\" dead | \"b\"\ndead ::= \"x\" dead", "b", "a|ax")]
    public void Texts_of_a_grammar_are_told_from_others(string text, string good, string bad)
    {
        Grammar grammar = Grammar.Parse(text);
        Assert.All(good.Split('|'), t => Assert.True(grammar.Has(t), $"'{t}'"));
        Assert.All(bad.Split('|').Where(t => bad.Length > 0 || t.Length > 0), t => Assert.False(grammar.Has(t), $"'{t}'"));
    }

    /// <summary>What can never become a text of the grammar is refused at the first byte, not at the last.</summary>
    [Fact]
    public void Ways_that_never_end_are_not_gone()
    {
        Grammar grammar = Grammar.Parse("root ::= \"a\" dead | \"a\" [^\\x00-\\U0010FFFF] | \"b\"\ndead ::= \"x\" dead");
        Assert.False(grammar.Begins("a"u8));
        Assert.True(grammar.Begins("b"u8));
    }

    [Theory]
    [InlineData("", 1, 1, "expected a rule 'root', found none")]
    [InlineData("x ::= \"a\"", 1, 10, "expected a rule 'root', found none")]
    [InlineData("root \"a\"", 1, 6, "expected '::=' after the name 'root', found '\"'")]
    [InlineData("root ::= \"a", 1, 12, "expected the end of the literal: '\"', found the end of the grammar")]
    [InlineData("root ::= [a", 1, 12, "expected the end of the class: ']', found the end of the grammar")]
    [InlineData("root ::= []", 1, 11, "expected a character in the class, found ']'")]
    [InlineData("root ::= [z-a]", 1, 11, "the class's range ends before it begins")]
    [InlineData("root ::= (\"a\"", 1, 14, "expected ')' at the end of the group, found the end of the grammar")]
    [InlineData("root ::= \"a\")", 1, 13, "expected a literal, a class, a rule's name, '.', '(' or '|', found ')'")]
    [InlineData("root ::= \"a\"\n  | \"b\"", 2, 3, "expected a rule's name (letters, digits, - and _), found '|'")]
    [InlineData("root ::= *", 1, 10, "expected a literal, a class, a rule's name, '.', '(' or '|', found '*'")]
    [InlineData("root ::= \"a\"\n\nx ::= \"\\q\"", 3, 9, "expected one of n r t \\ \" [ ] - x u U after a backslash, found 'q'")]
    [InlineData("root ::= \"\\x4\"", 1, 13, "expected 2 hexadecimal digits, found '4'")]
    [InlineData("root ::= \"\\uD800\"", 1, 11, "\\uD800 is no character")]
    [InlineData("root ::= [\\U00110000]", 1, 11, "\\U00110000 is no character")]
    [InlineData("root ::= \"a\"{", 1, 14, "expected a number, found the end of the grammar")]
    [InlineData("root ::= \"a\"{,3}", 1, 14, "expected a number, found ','")]
    [InlineData("root ::= \"a\"{3,2}", 1, 13, "a repetition from 3 to 2 times")]
    [InlineData("root ::= \"a\"{3;", 1, 15, "expected '}' at the end of the repetition, found ';'")]
    [InlineData("root ::= \"a\"{99999999999}", 1, 14, "a repetition may count to 100000")]
    [InlineData("root ::= \"a\" x\nx ::= y\n", 2, 7, "rule 'y' is not defined")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", 2, 1, "rule 'root' is defined a second time")]
    [InlineData("root ::= <think>", 1, 10, "expected a literal, a class, a rule's name, '.', '(' or '|', found '<': references to tokens are not available")]
    [InlineData("root ::= !<[5]>", 1, 10, "expected a literal, a class, a rule's name, '.', '(' or '|', found '!': references to tokens are not available")]
    [InlineData("root ::= root \"a\" | \"b\"", 1, 1, "rule 'root' is left-recursive: root → root")]
    [InlineData("root ::= x\nx ::= \"a\" | y \"b\"\ny ::= z\nz ::= x \"c\"", 2, 1, "rule 'x' is left-recursive: x → y → z → x")]
    [InlineData("root ::= x\nx ::= e e \"q\"? (x \"b\" | \"c\")\ne ::= \"a\"?", 2, 1, "rule 'x' is left-recursive: x → x")]
    [InlineData("root ::= (x \"b\"){2}\nx ::= \"c\" | (root \"y\"){3}", 1, 1, "rule 'root' is left-recursive: root → x → root")]
    [InlineData("root ::= \"a\" root", 1, 1, "rule 'root' matches no text")]
    [InlineData("root ::= \"a\" [^\\x00-\\U0010FFFF]", 1, 1, "rule 'root' matches no text")]
    public void A_text_that_is_no_grammar_is_named_with_its_place(string text, int line, int column, string problem)
    {
        GrammarException error = Assert.Throws<GrammarException>(() => Grammar.Parse(text));
        Assert.Equal((line, column, problem), (error.Line, error.Column, error.Problem));
        Assert.Equal($"line {line}, column {column}: {problem}", error.Message);
    }

    public static TheoryData<string, string> TooMuch() => new()
    {
        { new string(' ', 70_000) + "root ::= \"a\"", "the grammar has 70012 characters, at most 65536 are allowed" },
        { "root ::= " + string.Join(' ', Enumerable.Range(0, 5000).Select(i => $"r{i}")), "at most 4096 rules are allowed" },
        { "root ::= " + new string('(', 20_000), "groups may be nested 100 deep" },
        { "root ::= \"a\"" + new string('*', 20_000), "an item may have 8 repetition signs" },
        { "root ::= \"ab\"{100000}", "rule 'root': the grammar is too large: with repetitions written out, at most 65536 places are allowed" },
        { "root ::= [^é]{90} x\nx ::= (\"a\" | \"b\"){65500}", "rule 'x': the grammar is too large: with repetitions written out, at most 65536 places are allowed" },
        { "root ::= ((((){100000}){100000}){100000}){100000}", "rule 'root': the grammar is too large: with repetitions written out, at most 65536 places are allowed" },
        { "root ::= ((\"a\"?){200}){200}", "the grammar is too ambiguous: a text may be read in more than 16384 ways at once" },
        { "root ::= r0\n" + string.Join('\n', Enumerable.Range(0, 60).Select(i => $"r{i} ::= r{i + 1} r{i + 1} \"x\"?")) + "\nr60 ::= \"a\"?", "the grammar is too ambiguous: a text may be read in more than 16384 ways at once" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public void Limits_are_named(string text, string problem)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        TimeSpan start = TimeSpan.FromMilliseconds(Environment.TickCount64);
        Assert.Equal(problem, Assert.Throws<GrammarException>(() => Grammar.Parse(text)).Problem);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100L << 20);
        Assert.InRange((TimeSpan.FromMilliseconds(Environment.TickCount64) - start).TotalSeconds, 0, 5);
    }

    /// <summary>Rules in the worst order for an analysis that goes over them again and again.</summary>
    [Fact]
    public void Long_chains_of_rules_are_read_in_time()
    {
        string up = "root ::= r0\n" + string.Join('\n', Enumerable.Range(0, 4000).Select(i => $"r{i}::=r{i + 1}?")) + "\nr4000 ::= \"a\"";
        Assert.True(Grammar.Parse(up).Has("a"));
        GrammarException cycle = Assert.Throws<GrammarException>(() => Grammar.Parse(up.Replace("r4000 ::= \"a\"", "r4000 ::= \"a\" | r17", StringComparison.Ordinal)));
        Assert.StartsWith("rule 'r17' is left-recursive: r17 → r18 → ", cycle.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unpaired_surrogate_is_no_character()
    {
        GrammarException error = Assert.Throws<GrammarException>(() => Grammar.Parse("root ::= \"\uD800\""));
        Assert.Equal((1, 11, "an unpaired surrogate is no character"), (error.Line, error.Column, error.Problem));
    }

    [Fact]
    public void Repetitions_of_repetitions_are_counted_without_being_written_out()
    {
        Grammar grammar = Grammar.Parse("root ::= (\"a\"{100}){99,100}");
        Assert.Equal([false, true, false, false, true, false], new[] { 9899, 9900, 9901, 9999, 10_000, 10_001 }.Select(n => grammar.Has(new string('a', n))));
        Assert.True(Grammar.Parse("root ::= \"a\"{100}{100}{100}{100}{100}").Begins("aaaa"u8));
    }

    [Fact]
    public void A_class_of_thousands_of_ranges_is_one_place()
    {
        StringBuilder set = new();
        for (int c = 0x100; c < 0x9000; c += 3)
            set.Append((char)c);
        Grammar grammar = Grammar.Parse($"root ::= [{set}]+");
        Assert.Single(grammar.After("Ā"u8).Threads);
        for (int c = 0x100; c < 0x9000; c += 7)
            Assert.Equal((c - 0x100) % 3 == 0, grammar.Has(((char)c).ToString()));
    }
}
