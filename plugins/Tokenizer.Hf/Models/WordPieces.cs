using System.Text;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.Vocabularies;
using Tessera.Tokenizers.Common.Matching;

namespace Tessera.Tokenizer.Hf.Models;

/// <summary>WordPiece: the longest tokens from the left; a word without such a cover is unknown.</summary>
internal sealed class WordPieces : WordModel
{
    private readonly ByteTrie _trie;
    private readonly int _continued;
    private readonly int _longestWord;

    public WordPieces(JsonPart part, Vocabulary vocabulary)
    {
        Unknown = UnknownToken.Require(part, vocabulary, "[UNK]");
        _longestWord = part.Find("max_input_chars_per_word")?.Number(int.MaxValue) ?? 100;
        for (int id = 0; id < vocabulary.Count; id++)
            if (vocabulary[id]?.Length > LongestToken)
                throw new UnsupportedModelException($"{part.Where}.vocab: token {id} is {vocabulary[id]!.Length} characters long, at most {LongestToken} are supported");
        _trie = ByteTrie.Build(vocabulary.Count, vocabulary.Utf8Memory, vocabulary.IsModels);
        foreach (byte value in Encoding.UTF8.GetBytes(part.Find("continuing_subword_prefix")?.Text() ?? "##"))
            if (_continued >= 0)
                _continued = _trie.Step(_continued, value);
    }

    protected override void EncodeNew(ReadOnlySpan<byte> word, ModelWork work, List<int> ids)
    {
        int before = ids.Count;
        bool isShort = word.Length <= _longestWord || Points(word) <= _longestWord;
        for (int at = 0; at < word.Length;)
        {
            (int token, int length) = isShort ? Longest(word[at..], at == 0 ? 0 : _continued) : (-1, 0);
            if (token < 0)
            {
                ids.RemoveRange(before, ids.Count - before);
                ids.Add(Unknown);
                return;
            }
            ids.Add(token);
            at += length;
        }
    }

    private (int Token, int Length) Longest(ReadOnlySpan<byte> text, int node)
    {
        (int token, int length) = (-1, 0);
        for (int i = 0; i < text.Length && node >= 0; i++)
        {
            node = _trie.Step(node, text[i]);
            if (node >= 0 && _trie.Token(node) >= 0)
                (token, length) = (_trie.Token(node), i + 1);
        }
        return (token, length);
    }

    private static int Points(ReadOnlySpan<byte> word)
    {
        int count = 0;
        foreach (byte value in word)
            count += (value & 0xC0) != 0x80 ? 1 : 0;
        return count;
    }
}
