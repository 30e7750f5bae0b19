using System.Text;
using System.Text.Unicode;

namespace Tessera.Engine.Speculation;

/// <summary>Whether a draft model speaks the same tokens as the model that it drafts for.</summary>
public static class VocabularyComparison
{
    /// <summary>Requires equal vocabularies: size, the bytes and kind of every id, and the ids that play a role.</summary>
    /// <param name="model">The model's.</param>
    /// <param name="draft">The draft model's.</param>
    /// <param name="name">What messages call the draft model.</param>
    /// <exception cref="UnsupportedModelException">They differ; the text has the first id and both spellings.</exception>
    public static void Require(ITokenizer model, ITokenizer draft, string name)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(draft);
        if (Difference(model, draft) is { } difference)
            throw new UnsupportedModelException($"draft model '{name}': its vocabulary is not the model's: {difference}");
    }

    private static string? Difference(ITokenizer model, ITokenizer draft)
    {
        int count = Math.Min(model.VocabularySize, draft.VocabularySize);
        for (int id = 0; id < count; id++)
        {
            if (!model.Piece(id).SequenceEqual(draft.Piece(id)))
                return $"id {id} is {Spelling(model, id)} in the model and {Spelling(draft, id)} in the draft model";
            if (IsText(model.Kind(id)) != IsText(draft.Kind(id)))
                return $"id {id}, {Spelling(model, id)}, is {model.Kind(id)} in the model and {draft.Kind(id)} in the draft model";
        }
        if (model.VocabularySize != draft.VocabularySize)
            return $"id {count} is {(count < model.VocabularySize ? Spelling(model, count) : "none")} in the model and {(count < draft.VocabularySize ? Spelling(draft, count) : "none")} in the draft model ({model.VocabularySize} and {draft.VocabularySize} ids)";
        foreach (SpecialToken role in Enum.GetValues<SpecialToken>())
            if (model.Special(role) != draft.Special(role))
                return $"{role} is id {Id(model, role)} in the model and {Id(draft, role)} in the draft model";
        return null;
    }

    private static bool IsText(TokenKind kind) => kind is not (TokenKind.Control or TokenKind.Unknown);

    // Bytes that are no text, or none that a line can show, would look alike.
    private static string Spelling(ITokenizer tokenizer, int id)
    {
        ReadOnlySpan<byte> piece = tokenizer.Piece(id);
        string text = Encoding.UTF8.GetString(piece);
        return Utf8.IsValid(piece) && !text.Any(char.IsControl) ? $"'{text}'" : $"bytes {Convert.ToHexString(piece)}";
    }

    private static string Id(ITokenizer tokenizer, SpecialToken role) => tokenizer.Special(role) is { } id ? $"{id} ({Spelling(tokenizer, id)})" : "none";
}
