using Tessera.Engine.Grammars.Vocabulary;
using Tessera.Tokenizer.Bpe;
using Tessera.Tokenizer.Spm;

namespace Tessera.Engine.Tests.Grammars;

/// <summary>Real tokenizers, and those that a test makes up.</summary>
internal static class Vocabularies
{
    /// <summary>A tokenizer out of a GGUF file.</summary>
    public static ITokenizer Read(string path)
    {
        TokenizerAssets assets = TestGguf.ReadTokenizer(path);
        ITokenizerFactory[] factories = [new BpeFactory(), new SpmFactory()];
        return factories.First(f => f.CanCreate(assets)).Create(assets);
    }

    public static VocabularyTrie Trie(ITokenizer tokenizer) => new(tokenizer, tokenizer.VocabularySize);
}

/// <summary>Tokens that a test writes down; those that are not text are control tokens.</summary>
internal sealed class ListTokenizer(byte[][] pieces, int[] control, int[] ends) : ITokenizer
{
    public int VocabularySize => pieces.Length;
    public IReadOnlyList<int> EndTokens => ends;
    public int? Special(SpecialToken role) => null;
    public TokenKind Kind(int id) => control.Contains(id) ? TokenKind.Control : TokenKind.Normal;
    public ReadOnlySpan<byte> Piece(int id) => pieces[id];
    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids) => throw new InvalidOperationException("a test encodes nothing");
    public ITokenDecoder CreateDecoder(bool skipControl) => throw new InvalidOperationException("a test decodes nothing");
}
