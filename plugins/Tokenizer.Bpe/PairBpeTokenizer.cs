using Tessera.Tokenizer.Bpe.PreTokenizers;

namespace Tessera.Tokenizer.Bpe;

/// <summary>BPE of encoders, whose texts begin and end with tokens of their own: ModernBERT, RoBERTa.</summary>
internal sealed class PairBpeTokenizer : BpeTokenizer, IPairTokenizer
{
    private readonly bool _isDoubled;

    /// <inheritdoc cref="BpeTokenizer(TokenizerAssets, PreTokenizer, byte[][])"/>
    public PairBpeTokenizer(TokenizerAssets assets, PreTokenizer preTokenizer) : base(assets, preTokenizer) =>
        // As llama.cpp has it where the file does not say.
        _isDoubled = assets.AddSep ?? assets.PreTokenizer is "roberta-bpe" or "jina-v1-en" or "jina-v2-code";

    /// <inheritdoc/>
    public int PairTokens => _isDoubled ? 4 : 3;

    /// <summary>Whether assets say that texts begin and end so.</summary>
    public static bool IsMeant(TokenizerAssets assets) => assets is { AddBos: true, AddEos: true };

    /// <inheritdoc/>
    public void JoinPair(ReadOnlySpan<int> first, ReadOnlySpan<int> second, List<int> ids, List<int> types)
    {
        int before = ids.Count;
        ids.Add(Prefix!.Value);
        ids.AddRange(first);
        ids.Add(Suffix!.Value);
        if (_isDoubled)
            ids.Add(Suffix.Value);
        ids.AddRange(second);
        ids.Add(Suffix.Value);
        types.AddRange(Enumerable.Repeat(0, ids.Count - before));
    }
}
