using System.Text.Json;
using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizers.Common.Normalization;
using Tessera.Tokenizers.Common.Patterns;
using Tessera.Tokenizers.Common.Unicode;

namespace Tessera.Tokenizer.Hf.Normalizers;

/// <summary>Reads <see href="https://huggingface.co/docs/tokenizers/api/normalizers">normalizers</see>.</summary>
internal static class NormalizerReader
{
    public static Normalizer Read(JsonPart part) => Read(part, new PartLimit());

    private static Normalizer Read(JsonPart part, PartLimit limit)
    {
        limit.Count(part);
        return part.Text("type") is "Sequence"
            ? new NormalizerRow([.. part.Get("normalizers").Items().Select(inner => Read(inner, limit))])
            : Single(part);
    }

    private static Normalizer Single(JsonPart part) => part.Text("type") switch
    {
        "NFC" => new Forms(UnicodeForm.Nfc),
        "NFD" => new Forms(UnicodeForm.Nfd),
        "NFKC" => new Forms(UnicodeForm.Nfkc),
        "NFKD" => new Forms(UnicodeForm.Nfkd),
        "Lowercase" => new Lowercase(),
        "StripAccents" => new StripAccents(nonspacingOnly: false),
        "Nmt" => new Nmt(),
        "Prepend" => new Prepend(part.Text("prepend")),
        "Strip" => new Strip(part.Flag("strip_left", true), part.Flag("strip_right", true)),
        "Replace" => Replace(part),
        "Precompiled" => Charsmap(part),
        "BertNormalizer" => Bert(part),
        "ByteLevel" => new ByteLevel(),
        string type => throw part.Unknown("normalizer", type),
    };

    private static Normalizer Replace(JsonPart part)
    {
        JsonPart pattern = part.Get("pattern");
        (string? text, string? regex) = PatternReader.Read(pattern);
        string content = part.Text("content");
        if (regex is not null)
            return new ReplacePattern(TextPattern.Parse(regex, pattern.Where), content);
        return text!.Length == 0 ? new NormalizerRow([]) : new ReplaceText(text, content);
    }

    private static Precompiled Charsmap(JsonPart part)
    {
        JsonPart map = part.Get("precompiled_charsmap");
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(map.Kind == JsonValueKind.String ? map.Text() : throw map.Bad("a string in base 64"));
        }
        catch (FormatException)
        {
            throw new ModelFormatException($"{map.Where}: not in base 64");
        }
        return new Precompiled(CharsMap.Read(bytes));
    }

    private static NormalizerRow Bert(JsonPart part)
    {
        List<Normalizer> steps = [];
        bool lowercase = part.Flag("lowercase", true);
        if (part.Flag("clean_text", true))
            steps.Add(new BertClean());
        if (part.Flag("handle_chinese_chars", true))
            steps.Add(new BertHan());
        if (part.Flag("strip_accents", lowercase))
            steps.AddRange([new Forms(UnicodeForm.Nfd), new StripAccents(nonspacingOnly: true)]);
        if (lowercase)
            steps.Add(new Lowercase());
        return new NormalizerRow(steps);
    }
}
