using Tessera.Tokenizer.Hf.Files;

namespace Tessera.Tokenizer.Hf.Vocabularies;

/// <summary>A token that is looked for in the text itself.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its spelling.</param>
/// <param name="IsSpecial">Whether it steers the model, so that readers do not see it.</param>
/// <param name="Left">Whether it swallows the white space before it.</param>
/// <param name="Right">Whether it swallows the white space behind it.</param>
/// <param name="SingleWord">Whether it counts between word edges only.</param>
/// <param name="Normalized">Whether it is looked for in the normalized text.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial, bool Left, bool Right, bool SingleWord, bool Normalized)
{
    // Bounds what one position of a text can cost.
    private const int LongestContent = 1024;

    /// <summary>Reads a token that names its id.</summary>
    public static AddedToken Read(JsonPart part, int highestId) => Of(part, part.Get("id").Number(highestId));

    /// <summary>Reads a token whose id is known.</summary>
    public static AddedToken Of(JsonPart part, int id)
    {
        bool special = part.Flag("special", false);
        string content = part.Text("content");
        if (content.Length > LongestContent)
            throw new UnsupportedModelException($"{part.Where}: the content is {content.Length} characters long, at most {LongestContent} are supported");
        return new AddedToken(id, content, special, part.Flag("lstrip", false), part.Flag("rstrip", false),
            part.Flag("single_word", false), part.Flag("normalized", !special));
    }
}
