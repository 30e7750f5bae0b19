using System.Text;
using Tessera.Engine.Grammars;
using Tessera.Engine.Grammars.Automaton;
using Tessera.Engine.Grammars.Vocabulary;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>Masks against trying each token's bytes.</summary>
public sealed class MaskTests
{
    private static readonly string[] Grammars =
    [
        Grammar.Json.Text,
        "root ::= [^\\x00-\\x7F]+ \" \" [äöüß€]{1,3} .{2}",
        "root ::= (\"(\" root \")\" | [a-z]+ \" \"?)*",
        "root ::= \" \"? [A-Z] [a-z]{0,8} ([ ,] [a-z]{1,8}){0,12} \".\" \"\\n\"",
    ];

    [Theory]
    [InlineData("llama-spm"), InlineData("gpt-2"), InlineData("deepseek-llm")]
    public void A_mask_is_what_trying_each_token_gives(string name)
    {
        ITokenizer tokenizer = Vocabularies.Read(Shared.Require("fixtures", "tokenizers-gguf", name + ".gguf"));
        VocabularyTrie trie = Vocabularies.Trie(tokenizer);
        Random random = new(1);
        int masks = 0;
        foreach (string text in Grammars)
        {
            Grammar grammar = Grammar.Parse(text);
            GrammarMachine machine = new(grammar.Automaton), plain = new(grammar.Automaton);
            for (int walk = 0; walk < 4; walk++)
            {
                GrammarState state = machine.Start, same = plain.Start;
                for (int step = 0; step < 12; step++)
                {
                    TokenMask mask = machine.Mask(state, trie);
                    List<int> allowed = [];
                    for (int id = 0; id < tokenizer.VocabularySize; id++)
                    {
                        bool isText = tokenizer.Kind(id) is TokenKind.Normal or TokenKind.Byte or TokenKind.UserDefined && !tokenizer.EndTokens.Contains(id) && !tokenizer.Piece(id).IsEmpty;
                        bool fits = isText && !plain.After(same, tokenizer.Piece(id)).IsDead;
                        Assert.True(fits == mask[id], $"{name}, token {id} '{Encoding.UTF8.GetString(tokenizer.Piece(id))}' after {step} tokens");
                        if (fits)
                            allowed.Add(id);
                    }
                    Assert.Equal(allowed.Count, mask.Count);
                    Assert.Same(mask, machine.Mask(state, trie));
                    masks++;
                    if (allowed.Count == 0)
                        break;
                    ReadOnlySpan<byte> piece = trie.Piece(allowed[random.Next(allowed.Count)]);
                    (state, same) = (machine.After(state, piece), plain.After(same, piece));
                }
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {masks} masks of {tokenizer.VocabularySize} tokens");
        Assert.True(masks > 60);
    }

    /// <summary>What others have used up of a grammar's work is not missing at the beginning of the next output.</summary>
    [Fact]
    public void An_output_begins_with_work_of_its_own()
    {
        ListTokenizer tokenizer = new([[(byte)'a'], [(byte)'b']], [], []);
        GrammarMachine machine = new(Grammar.Parse("root ::= [ab]{3}").Automaton) { Work = 0 };
        Tessera.Engine.Generation.GenerationRequest request = new() { Prompt = [0], MaxTokens = 4 };
        GrammarRun run = new(machine, Vocabularies.Trie(tokenizer), request);
        Assert.False(run.IsAtEnd);
        Assert.Null(run.Problem);
        machine.Work = 0;
        GrammarRun other = new(machine, Vocabularies.Trie(tokenizer), request);
        other.Advance(0);
        Assert.Null(other.Problem);
    }

    /// <summary>A token may end inside a character, begin inside one, be empty, or have the same bytes as another.</summary>
    [Fact]
    public void Tokens_may_be_parts_of_characters()
    {
        byte[][] pieces = [[0xF0], [0x9F, 0x98], [0x80], [0xF0, 0x9F], "a"u8.ToArray(), [], "a"u8.ToArray(), [0xC0], "ab"u8.ToArray(), "<s>"u8.ToArray(), "a"u8.ToArray(), "😀a"u8.ToArray()];
        VocabularyTrie trie = new(new ListTokenizer(pieces, control: [9], ends: [10]), pieces.Length + 5);
        GrammarMachine machine = new(Grammar.Parse("root ::= [😀-😂]+ \"a\"").Automaton);
        int[] Allowed(params int[] tokens) => [.. Enumerable.Range(0, pieces.Length + 5).Where(id => machine.Mask(tokens.Aggregate(machine.Start, (s, t) => machine.After(s, pieces[t])), trie)[id])];
        Assert.Equal([0, 3, 11], Allowed());
        Assert.Equal([1], Allowed(0));
        Assert.Equal([2], Allowed(0, 1));
        Assert.Equal([0, 3, 4, 6, 11], Allowed(0, 1, 2));
        Assert.Equal([], Allowed(3));
        Assert.Equal([], Allowed(0, 1, 2, 6));
    }

    [Theory]
    [InlineData(1), InlineData(64), InlineData(65), InlineData(200)]
    public void Logits_of_what_is_not_allowed_become_nothing(int vocabulary)
    {
        Random random = new(vocabulary);
        ulong[] bits = new ulong[(vocabulary + 63) / 64];
        for (int round = 0; round < 20; round++)
        {
            for (int i = 0; i < bits.Length; i++)
                bits[i] = (round % 3) switch { 0 => 0, 1 => ulong.MaxValue, _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) };
            bits[^1] &= ulong.MaxValue >> (64 - vocabulary % 64) % 64;
            TokenMask mask = new([.. bits]);
            float[] logits = [.. Enumerable.Range(0, vocabulary).Select(_ => random.NextSingle())], allowed = new float[vocabulary];
            mask.Apply(logits, allowed);
            Assert.Equal(logits.Select((l, i) => (bits[i / 64] >> i % 64 & 1) != 0 ? l : float.NegativeInfinity), allowed);
        }
    }
}
