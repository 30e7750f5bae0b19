using System.Text;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizer.Hf.PreTokenizers;
using Tessera.Tokenizers.Common.Patterns;

namespace Tessera.Tokenizer.Hf.Decoders;

/// <summary>Reads <see href="https://huggingface.co/docs/tokenizers/api/decoders">decoders</see>.</summary>
internal static class DecoderReader
{
    // What may be cut off or held back at a text's end.
    private const int MostStripped = 1024;

    // wordpiece clean-up: what becomes what, in this order.
    private static readonly (string, string)[] CleanUp =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    public static DecoderRecipe Read(JsonPart? part)
    {
        if (part is null)
            return new DecoderRecipe { SpacesTokens = true };
        DecoderRecipe recipe = new();
        Read(part.Value, recipe, new PartLimit());
        return recipe;
    }

    private static void Read(JsonPart part, DecoderRecipe recipe, PartLimit limit)
    {
        limit.Count(part);
        switch (part.Text("type"))
        {
            case "Sequence":
                foreach (JsonPart inner in part.Get("decoders").Items())
                    Read(inner, recipe, limit);
                break;
            case "ByteLevel":
                if (recipe.JoinsBytes)
                    throw Refused(part, "ByteLevel", "ByteFallback");
                Add(part, recipe, new LettersToBytes());
                recipe.IsFused = true;
                break;
            case "Fuse":
                recipe.IsFused = true;
                break;
            case "ByteFallback":
                if (recipe.JoinsBytes || recipe.IsFused || recipe.DropsRepeats || recipe.Steps.Any(s => s.KnowsLast))
                    throw Refused(part, "ByteFallback", "ByteFallback, Fuse, ByteLevel, CTC or BPEDecoder");
                recipe.JoinsBytes = true;
                break;
            case "Replace":
                Replace(part, recipe);
                break;
            case "Strip":
                Add(part, recipe, new StripBytes(Utf8(part.Get("content").Character()), part.Get("start").Number(MostStripped), part.Get("stop").Number(MostStripped)));
                break;
            case "Metaspace":
                Add(part, recipe, new UnmarkWords(Utf8(MetaspaceReader.Mark(part)), MetaspaceReader.Scheme(part) != PrependScheme.Never));
                break;
            case "WordPiece":
                Add(part, recipe, new JoinWords(Encoding.UTF8.GetBytes(part.Find("prefix")?.Text() ?? "##")));
                if (part.Flag("cleanup", true))
                    Clean(part, recipe);
                break;
            case "BPEDecoder":
                Add(part, recipe, new EndWords(Encoding.UTF8.GetBytes(part.Find("suffix")?.Text() ?? "</w>")));
                break;
            case "CTC":
                Ctc(part, recipe);
                break;
            case string type:
                throw part.Unknown("decoder", type);
        }
    }

    private static void Replace(JsonPart part, DecoderRecipe recipe)
    {
        JsonPart pattern = part.Get("pattern");
        (string? text, string? regex) = PatternReader.Read(pattern);
        string content = part.Text("content");
        if (content.Length > MostStripped)
            throw new UnsupportedModelException($"{part.Where}: the content is {content.Length} characters long, at most {MostStripped} are supported");
        if (regex is null)
            Add(part, recipe, new ReplaceBytes(text!, content));
        else if (recipe.IsFused || recipe.JoinsBytes)
            throw Refused(part, "Replace with a Regex", "ByteFallback, Fuse or ByteLevel");
        else
            Add(part, recipe, new ReplaceMatches(TextPattern.Parse(regex, pattern.Where), content));
    }

    private static void Ctc(JsonPart part, DecoderRecipe recipe)
    {
        if (recipe.Steps.Any() || recipe.JoinsBytes || recipe.IsFused)
            throw Refused(part, "CTC", "another decoder");
        recipe.DropsRepeats = true;
        Add(part, recipe, new ReplaceBytes(part.Find("pad_token")?.Text() ?? "<pad>", ""));
        if (!part.Flag("cleanup", true))
            return;
        Clean(part, recipe);
        Add(part, recipe, new ReplaceBytes(part.Find("word_delimiter_token")?.Text() ?? "|", " "));
    }

    private static void Clean(JsonPart part, DecoderRecipe recipe)
    {
        foreach ((string old, string content) in CleanUp)
            Add(part, recipe, new ReplaceBytes(old, content));
    }

    private static void Add(JsonPart part, DecoderRecipe recipe, TokenStep step)
    {
        if (!recipe.IsFused)
        {
            if (recipe.DropsRepeats && step.KnowsFirst)
                throw Refused(part, part.Text("type"), "CTC");
            if (recipe.JoinsBytes && step.KnowsLast)
                throw Refused(part, part.Text("type"), "ByteFallback");
            (recipe.JoinsBytes ? recipe.After : recipe.Before).Add(step);
            return;
        }
        Func<TextFilter>? filter = step.InText();
        recipe.Filters.Add(filter ?? throw Refused(part, part.Text("type"), "Fuse or ByteLevel"));
    }

    private static UnsupportedModelException Refused(JsonPart part, string what, string behind) => new($"{part.Where}: {what} behind {behind} is not supported");

    private static byte[] Utf8(Rune rune) => Encoding.UTF8.GetBytes(rune.ToString());
}
