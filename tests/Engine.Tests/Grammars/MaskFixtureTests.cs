using System.IO.Compression;
using System.Text.Json;
using Tessera.Engine.Grammars;
using Tessera.Engine.Grammars.Automaton;
using Tessera.Engine.Grammars.Vocabulary;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>Masks along recorded texts (../shared/fixtures/structured-outputs/README.md).</summary>
public sealed class MaskFixtureTests
{
    [Fact]
    public void Masks_are_those_that_engines_agree_on()
    {
        using JsonDocument grammars = Read("grammars.json"), vocabularies = Read("vocabs.json");
        Dictionary<string, (VocabularyTrie Trie, int Size)> tries = [];
        Dictionary<string, byte[]> bitmaps = [];
        foreach (string line in File.ReadLines(Path("bitmaps.jsonl")))
        {
            JsonElement bitmap = JsonElement.Parse(line);
            using ZLibStream stream = new(new MemoryStream(Convert.FromBase64String(bitmap.GetProperty("zlib").GetString()!)), CompressionMode.Decompress);
            using MemoryStream bytes = new();
            stream.CopyTo(bytes);
            bitmaps[$"{bitmap.GetProperty("vocab")} {bitmap.GetProperty("mask")}"] = bytes.ToArray();
        }
        Dictionary<string, GrammarMachine> machines = [];
        List<string> wrong = [];
        int cases = 0, steps = 0;
        long work = 0;
        foreach (string line in File.ReadLines(Path("masks.jsonl")))
        {
            JsonElement test = JsonElement.Parse(line);
            string name = test.GetProperty("grammar").GetString()!, vocabulary = test.GetProperty("vocab").GetString()!;
            JsonElement grammar = grammars.RootElement.GetProperty(name);
            // A regular expression has the name of a grammar; it has another reference.
            if (grammar.GetProperty("kind").GetString() != "gbnf" || test.GetProperty("agree").EnumerateArray().Any(a => a.ValueEquals("automaton")))
                continue;
            cases++;
            if (!tries.TryGetValue(vocabulary, out (VocabularyTrie Trie, int Size) known))
                tries[vocabulary] = known = Trie(vocabularies.RootElement.GetProperty(vocabulary));
            if (!machines.TryGetValue($"{name} {vocabulary}", out GrammarMachine? machine))
                machines[$"{name} {vocabulary}"] = machine = new GrammarMachine(Grammar.Parse(grammar.GetProperty("text").GetString()!).Automaton);
            GrammarState state = machine.Start;
            int[] path = Ints(test.GetProperty("path"));
            foreach (JsonElement step in test.GetProperty("steps").EnumerateArray())
            {
                int at = steps++;
                long before = machine.Work;
                TokenMask mask = machine.Mask(state, known.Trie);
                work = Math.Max(work, before - machine.Work);
                machine.AllowToken();
                bool[] expected = Expected(step, known, key => bitmaps[$"{vocabulary} {key}"]);
                int difference = Array.FindIndex(expected, e => e) < 0 && mask.Count == 0 ? -1 : Enumerable.Range(0, known.Size).FirstOrDefault(id => expected[id] != mask[id], -1);
                if (difference >= 0 || state.MayEnd != step.GetProperty("end").GetBoolean())
                    wrong.Add($"{name}, {vocabulary}, step {at}: token {difference}, may end: {state.MayEnd}");
                if (path.Length > 0)
                {
                    state = machine.After(state, known.Trie.Piece(path[0]));
                    path = path[1..];
                }
            }
        }
        FixtureCount.Print("structured-outputs/masks.jsonl", $"{cases} cases of GBNF, {steps} masks; the costliest took {work} of {GrammarLimits.FirstWork} work");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {steps} differ: {string.Join("; ", wrong.Take(8))}");
        Assert.Equal((178, 2017), (cases, steps));
    }

    [Fact]
    public void Examples_are_texts_of_their_grammars()
    {
        using JsonDocument grammars = Read("grammars.json");
        int texts = 0;
        foreach (JsonProperty grammar in grammars.RootElement.EnumerateObject().Where(g => g.Value.GetProperty("kind").GetString() == "gbnf"))
            foreach (JsonElement example in grammar.Value.GetProperty("examples").EnumerateArray())
            {
                texts++;
                Assert.True(Grammar.Parse(grammar.Value.GetProperty("text").GetString()!).Has(example.GetString()!), $"{grammar.Name}: {example}");
            }
        FixtureCount.Print("structured-outputs/grammars.json", $"{texts} examples of GBNF grammars");
        Assert.Equal(24, texts);
    }

    private static bool[] Expected(JsonElement step, (VocabularyTrie Trie, int Size) vocabulary, Func<string, byte[]> bitmap)
    {
        bool[] expected = new bool[vocabulary.Size];
        if (step.TryGetProperty("ids", out JsonElement ids))
            foreach (int id in Ints(ids))
                expected[id] = true;
        else if (step.TryGetProperty("all_but", out JsonElement others))
        {
            for (int id = 0; id < expected.Length; id++)
                expected[id] = !vocabulary.Trie.Piece(id).IsEmpty;
            foreach (int id in Ints(others))
                expected[id] = false;
        }
        else
        {
            byte[] bits = bitmap(step.GetProperty("mask").ToString());
            for (int id = 0; id < expected.Length; id++)
                expected[id] = (bits[id / 8] >> id % 8 & 1) != 0;
        }
        Assert.Equal(step.GetProperty("n").GetInt32(), expected.Count(e => e));
        return expected;
    }

    private static (VocabularyTrie Trie, int Size) Trie(JsonElement vocabulary)
    {
        ITokenizer tokenizer = vocabulary.TryGetProperty("file", out JsonElement file)
            ? Vocabularies.Read(System.IO.Path.GetFullPath(Path(file.GetString()!)))
            : new ListTokenizer([.. vocabulary.GetProperty("tokens_hex").EnumerateArray().Select(t => Convert.FromHexString(t.GetString()!))], Ints(vocabulary.GetProperty("not_text")), [vocabulary.GetProperty("eos").GetInt32()]);
        Assert.Equal(vocabulary.GetProperty("n").GetInt32(), tokenizer.VocabularySize);
        VocabularyTrie trie = Vocabularies.Trie(tokenizer);
        int[] notText = Ints(vocabulary.GetProperty("not_text"));
        Assert.Equal(notText, Enumerable.Range(0, tokenizer.VocabularySize).Where(id => trie.Piece(id).IsEmpty));
        return (trie, tokenizer.VocabularySize);
    }

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(i => i.GetInt32())];

    private static string Path(string name) => System.IO.Path.Combine(Shared.Require("fixtures", "structured-outputs"), name);

    private static JsonDocument Read(string name) => JsonDocument.Parse(File.ReadAllText(Path(name)));
}
