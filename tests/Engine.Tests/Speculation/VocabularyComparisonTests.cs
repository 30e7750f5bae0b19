using System.Text;
using Tessera.Abstractions;
using Tessera.Conformance.Fakes;
using Tessera.Engine.Speculation;

namespace Tessera.Engine.Tests.Speculation;

public sealed class VocabularyComparisonTests
{
    [Fact]
    public void Equal_vocabularies_pass() => VocabularyComparison.Require(new Changed(), new Changed(), "d");

    [Fact]
    public void The_first_id_that_differs_is_named_with_both_spellings()
    {
        Assert.Contains("draft model 'd': its vocabulary is not the model's: id 65 is 'A' in the model and 'q' in the draft model", Message(new Changed { Id = 65, Piece = "q" }), StringComparison.Ordinal);
        Assert.Contains("id 200 is bytes C8 in the model and 'é' in the draft model", Message(new Changed { Id = 200, Piece = "é" }), StringComparison.Ordinal);
        Assert.Contains("id 10 is bytes 0A in the model and bytes 0D in the draft model", Message(new Changed { Id = 10, Piece = "\r" }), StringComparison.Ordinal);
        Assert.Contains("id 258 is '<|end|>' in the model and none in the draft model (259 and 258 ids)", Message(new Changed { Size = 258 }), StringComparison.Ordinal);
        Assert.Contains("id 256, '<s>', is Control in the model and Normal in the draft model", Message(new Changed { Id = 256, Kind = TokenKind.Normal }), StringComparison.Ordinal);
        Assert.Contains("Bos is id 256 ('<s>') in the model and none in the draft model", Message(new Changed { NoBos = true }), StringComparison.Ordinal);
    }

    private static string Message(ITokenizer draft) => Assert.Throws<UnsupportedModelException>(() => VocabularyComparison.Require(new Changed(), draft, "d")).Message;

    private sealed class Changed : ITokenizer
    {
        private readonly ByteTokenizer _inner = new();
        public int Id { get; init; } = -1;
        public string? Piece { get; init; }
        public TokenKind? Kind { get; init; }
        public int Size { get; init; } = ByteTokenizer.Size;
        public bool NoBos { get; init; }
        public int VocabularySize => Size;
        public IReadOnlyList<int> EndTokens => _inner.EndTokens;
        int? ITokenizer.Special(SpecialToken role) => NoBos && role == SpecialToken.Bos ? null : _inner.Special(role);
        TokenKind ITokenizer.Kind(int id) => id == Id && Kind is { } kind ? kind : _inner.Kind(id);
        ReadOnlySpan<byte> ITokenizer.Piece(int id) => id == Id && Piece is not null ? Encoding.UTF8.GetBytes(Piece) : _inner.Piece(id);
        public void Encode(ReadOnlySpan<char> text, in EncodeOptions options, List<int> ids) => _inner.Encode(text, options, ids);
        public ITokenDecoder CreateDecoder(bool skipControl) => _inner.CreateDecoder(skipControl);
    }
}
