using System.Text;
using System.Text.Json;

namespace Tessera.Host.Api;

/// <summary>The ids of a text.</summary>
internal sealed record TokenizeResponse(IReadOnlyList<int> Tokens);

/// <summary>The ids of a text with their spellings.</summary>
internal sealed record TokenizePiecesResponse(IReadOnlyList<TokenPiece> Tokens);

/// <summary>An id and its spelling.</summary>
internal sealed record TokenPiece(int Id, string Piece);

/// <summary>The text of ids.</summary>
internal sealed record DetokenizeResponse(string Content);

/// <summary><c>/tokenize</c> and <c>/detokenize</c>, with llama.cpp's fields.</summary>
internal static class TokenizeRequests
{
    public static (TokenizeResponse? Ids, TokenizePiecesResponse? Pieces) Tokenize(JsonElement body, ITokenizer tokenizer)
    {
        FieldReader fields = new(body);
        string content = fields.String("content") ?? throw ApiException.Invalid("content", "a text", "nothing");
        List<int> ids = [];
        tokenizer.Encode(content, new EncodeOptions
        {
            AddSpecial = fields.Boolean("add_special") ?? false,
            ParseSpecial = fields.Boolean("parse_special") ?? true,
        }, ids);
        return fields.Boolean("with_pieces") == true
            ? (null, new TokenizePiecesResponse([.. ids.Select(id => new TokenPiece(id, Encoding.UTF8.GetString(tokenizer.Piece(id))))]))
            : (new TokenizeResponse(ids), null);
    }

    public static DetokenizeResponse Detokenize(JsonElement body, ITokenizer tokenizer)
    {
        JsonElement tokens = new FieldReader(body).Get("tokens") ?? throw ApiException.Invalid("tokens", "an array of token ids", "nothing");
        return new DetokenizeResponse(Detokenize(TokenIds.Read(tokens, "tokens", tokenizer.VocabularySize), tokenizer));
    }

    /// <summary>The text of ids, special tokens spelled out; bytes that are no character become U+FFFD.</summary>
    public static string Detokenize(ReadOnlySpan<int> ids, ITokenizer tokenizer)
    {
        ITokenDecoder decoder = tokenizer.CreateDecoder(skipControl: false);
        byte[] piece = new byte[decoder.MaxBytes];
        using MemoryStream bytes = new();
        foreach (int id in ids)
            bytes.Write(piece, 0, decoder.Append(id, piece));
        bytes.Write(piece, 0, decoder.Finish(piece));
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
