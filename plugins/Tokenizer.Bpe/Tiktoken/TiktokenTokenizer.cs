using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizers.Common.Matching;
using Tessera.Tokenizers.Common.Merging;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Bpe.Tiktoken;

/// <summary>BPE by ranks: of a word's neighbours those merge first whose bytes together are the token with the lowest id.</summary>
internal sealed class TiktokenTokenizer : WordTokenizer
{
    private static readonly Dictionary<SpecialToken, int> NoDefaults = [];

    private readonly ByteLookup _lookup;
    private readonly int[] _byteTokens;

    /// <param name="assets">Tokens as bytes, with their kinds.</param>
    /// <param name="preTokenizer">How texts are cut.</param>
    /// <param name="spaceRules">The white space that special tokens swallow.</param>
    public TiktokenTokenizer(TokenizerAssets assets, PreTokenizer preTokenizer, IReadOnlyDictionary<int, SpaceRule> spaceRules)
        : this(assets, preTokenizer, spaceRules, new TokenTable(assets, static (_, _, spelling, bytes) => bytes.AddRange(spelling), NoDefaults))
    {
    }

    private TiktokenTokenizer(TokenizerAssets assets, PreTokenizer preTokenizer, IReadOnlyDictionary<int, SpaceRule> spaceRules, TokenTable table)
        : base(assets, table, preTokenizer, new SpecialTokens(table, assets, spaceRules: spaceRules))
    {
        _lookup = new ByteLookup(Table.Pieces, id => Table.Kind(id) == TokenKind.Normal);
        _byteTokens = [.. Enumerable.Range(0, 256).Select(value => _lookup.Find([(byte)value]))];
    }

    protected override void EncodeWord(ReadOnlySpan<byte> word, MergeList list, List<int> ids)
    {
        int whole = _lookup.Find(word);
        if (whole >= 0)
        {
            ids.Add(whole);
            return;
        }
        list.Clear();
        foreach (byte value in word)
            list.Add(_byteTokens[value], 1);
        list.Merge(new ByteRankRule(_lookup, word));
        for (int i = list.First; i >= 0; i = list.Next(i))
            ids.Add(list.Id(i));
    }

    /// <summary>Merges what is a token together, the lowest id first.</summary>
    private readonly ref struct ByteRankRule(ByteLookup lookup, ReadOnlySpan<byte> word) : IMergeRule
    {
        private readonly ReadOnlySpan<byte> _word = word;

        public bool TryMerge(int left, int right, int start, int end, out uint priority, out int merged)
        {
            merged = lookup.Find(_word[start..end]);
            priority = (uint)merged;
            return merged >= 0;
        }
    }
}
