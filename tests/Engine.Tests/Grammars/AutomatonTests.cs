using System.Text;
using Tessera.Engine.Grammars;
using Tessera.Engine.Grammars.Automaton;
using Tessera.Engine.Grammars.Syntax;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>The automaton against a matcher that shares nothing with it, and against UTF-8's definition.</summary>
public sealed class AutomatonTests
{
    private const int Longest = 5;

    [Fact]
    public void Random_grammars_have_the_texts_and_beginnings_that_going_back_and_trying_again_finds()
    {
        string[] texts = [.. Texts()];
        int grammars = 0, recursive = 0, taken = 0;
        for (int seed = 0; grammars < 400; seed++)
        {
            NaiveGrammar naive = new(seed);
            if (!naive.IsProductive)
                continue;
            Grammar grammar;
            try
            {
                grammar = Grammar.Parse(naive.Text);
            }
            catch (GrammarException e)
            {
                Assert.Contains("left-recursive", e.Problem, StringComparison.Ordinal);
                recursive++;
                continue;
            }
            grammars++;
            // Little memory: what is forgotten is found again.
            GrammarMachine machine = new(grammar.Automaton, memory: seed % 2 == 0 ? 2000 : GrammarLimits.Memory);
            foreach (string text in texts)
            {
                GrammarState state = machine.After(machine.Start, Encoding.UTF8.GetBytes(text));
                (bool Is, bool Begins) found = (state.MayEnd, !state.IsDead), expected = naive.Match(text);
                Assert.True(expected == found, $"seed {seed}, '{text}': expected {expected}, found {found}\n{naive.Text}");
                taken += found.Is ? 1 : 0;
            }
            Assert.True(seed % 2 == 1 || machine.Era > 0 || machine.StateCount < 20);
        }
        Assert.True(recursive > 20 && taken > 10_000, $"{recursive} left-recursive, {taken} texts");
    }

    [Fact]
    public void A_state_that_is_kept_goes_on_as_before_when_all_is_forgotten()
    {
        Grammar grammar = Grammar.Parse("root ::= \"(\" root \")\" root | \"[\" root \"]\" root | \"x\"?");
        GrammarMachine machine = new(grammar.Automaton, memory: 3000), whole = new(grammar.Automaton);
        Random random = new(5);
        List<(GrammarState State, string Text)> kept = [(machine.Start, "")];
        for (int i = 0; i < 3000; i++)
        {
            (GrammarState state, string text) = kept[random.Next(kept.Count)];
            char next = "()[]x"[random.Next(5)];
            GrammarState after = machine.After(state, (byte)next), expected = whole.After(whole.Start, Encoding.ASCII.GetBytes(text + next));
            Assert.Equal((expected.MayEnd, expected.IsDead), (after.MayEnd, after.IsDead));
            if (!after.IsDead && text.Length < 30)
                kept.Add((after, text + next));
        }
        Assert.True(machine.Era > 20 && kept.Count > 300, $"{machine.Era} times, {kept.Count} states");
        Assert.Equal(0, whole.Era);
    }

    [Fact]
    public void Equal_places_are_one_state_and_known_ways_cost_nothing()
    {
        GrammarMachine machine = new(Grammar.Json.Automaton);
        byte[] text = Encoding.UTF8.GetBytes("{\"a\": [1, 2, {\"b\": \"c\"}, 4]");
        GrammarState first = machine.After(machine.Start, text);
        long work = machine.Work, before = GC.GetAllocatedBytesForCurrentThread();
        GrammarState second = machine.After(machine.Start, text);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Same(first, second);
        Assert.Equal(work, machine.Work);
        Assert.Same(first, machine.After(machine.Start, Encoding.UTF8.GetBytes("{\"x y\": [true]")));
    }

    public static TheoryData<int, int> Borders()
    {
        int[] borders = [0, 1, 0x40, 0x7F, 0x80, 0xBF, 0xC0, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x1F600, 0x3FFFF, 0x40000, 0xFFFFF, 0x100000, 0x10FFFF];
        TheoryData<int, int> data = [];
        for (int i = 0; i < borders.Length; i++)
            for (int j = i; j < borders.Length; j += 1 + (i + j) % 3)
                data.Add(borders[i], borders[j]);
        return data;
    }

    [Theory]
    [MemberData(nameof(Borders))]
    public void A_class_takes_its_characters_bytes_and_no_others(int first, int last)
    {
        Grammar inside = Grammar.Parse($"root ::= [\\U{first:X8}-\\U{last:X8}]");
        GrammarMachine machine = new(inside.Automaton);
        Random random = new(first ^ last);
        IEnumerable<int> near = ((int[])[first, last, 0x7F, 0x7FF, 0xD7FF, 0xE000, 0xFFFF]).SelectMany(c => Enumerable.Range(c - 2, 5));
        byte[] bytes = new byte[4];
        foreach (int c in near.Concat(Enumerable.Range(0, 300).Select(_ => random.Next(0x110000))).Where(Rune.IsValid))
        {
            int length = new Rune(c).EncodeToUtf8(bytes);
            Assert.Equal(c >= first && c <= last, machine.After(machine.Start, bytes.AsSpan(0, length)).MayEnd);
        }
    }

    [Fact]
    public void Any_character_is_valid_UTF8_and_nothing_else()
    {
        GrammarMachine machine = new(Grammar.Parse("root ::= .").Automaton);
        Assert.Equal(machine.After(machine.Start, "€"u8).MayEnd, machine.After(machine.Start, [0xE2, 0x82, 0xAC]).MayEnd);
        byte[] bytes = new byte[4];
        for (int a = 0; a < 256; a++)
            for (int b = -1; b < 256; b++)
                foreach (byte c in (byte[])[0x7F, 0x80, 0x9F, 0xBF, 0xC0])
                    for (int length = b < 0 ? 1 : 2; length <= (b < 0 ? 1 : 4); length++)
                    {
                        (bytes[0], bytes[1], bytes[2], bytes[3]) = ((byte)a, (byte)Math.Max(b, 0), c, c);
                        ReadOnlySpan<byte> text = bytes.AsSpan(0, length);
                        GrammarState state = machine.After(machine.Start, text);
                        System.Buffers.OperationStatus status = Rune.DecodeFromUtf8(text, out _, out int used);
                        bool whole = status == System.Buffers.OperationStatus.Done && used == length, begins = status == System.Buffers.OperationStatus.NeedMoreData;
                        Assert.True((whole, whole || begins) == (state.MayEnd, !state.IsDead), Convert.ToHexString(text));
                    }
    }

    [Fact]
    public void Sequences_cover_their_ranges_once()
    {
        Random random = new(3);
        for (int round = 0; round < 300; round++)
        {
            List<CharacterRange> ranges = [];
            for (int i = random.Next(1, 12), at = 0; i > 0; i--)
            {
                int first = at + random.Next(1, round % 2 == 0 ? 200 : 90_000), last = first + random.Next(0, round % 2 == 0 ? 200 : 90_000);
                if (last > CharacterRange.Maximum)
                    break;
                ranges.Add(new(first, last));
                at = last + 1;
            }
            CharacterRange[] set = CharacterRange.Normalize(ranges);
            long expected = set.Sum(r => (long)r.Last - r.First + 1), found = 0;
            foreach (Utf8Sequence sequence in Utf8Sequences.Of(set))
            {
                long size = 1;
                for (int i = 0; i < sequence.Length; i++)
                    size *= sequence[i].High - sequence[i].Low + 1;
                found += size;
            }
            Assert.Equal(expected, found);
            CharacterRange[] rest = CharacterRange.Negate(set);
            Assert.Equal(0x110000 - 0x800 - expected, rest.Sum(r => (long)r.Last - r.First + 1));
        }
    }

    private static IEnumerable<string> Texts()
    {
        string[] runes = [.. NaiveGrammar.Alphabet.EnumerateRunes().Select(r => r.ToString())];
        IEnumerable<string> texts = [""], last = texts;
        for (int length = 1; length <= Longest; length++)
            texts = texts.Concat(last = [.. last.SelectMany(t => runes.Select(r => t + r))]);
        return texts;
    }
}
