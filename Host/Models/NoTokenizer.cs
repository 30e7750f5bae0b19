namespace Tessera.Host.Models;

/// <summary>Stands where a model's files hold no tokenizer and ids are all that is wanted: there is no text in, and none out.</summary>
/// <param name="file">The model, for messages.</param>
internal sealed class NoTokenizer(string file) : ITokenizer
{
    public int VocabularySize => 0;

    public IReadOnlyList<int> EndTokens => [];

    public int? Special(SpecialToken role) => null;

    public TokenKind Kind(int id) => throw new ArgumentOutOfRangeException(nameof(id));

    public ReadOnlySpan<byte> Piece(int id) => throw new ArgumentOutOfRangeException(nameof(id));

    public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids) => throw Missing();

    public ITokenDecoder CreateDecoder(bool skipControl) => throw Missing();

    private UnsupportedModelException Missing() => new($"{file}: the model's files hold no tokenizer; only ids can be given");
}
