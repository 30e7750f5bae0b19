using Tessera.Tokenizer.Hf.Files;
using Tessera.Tokenizers.Common.Patterns;
using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Hf.PreTokenizers;

/// <summary>Reads <see href="https://huggingface.co/docs/tokenizers/api/pre-tokenizers">pre-tokenizers</see>.</summary>
internal static class PreTokenizerReader
{
    // ASCII symbols count as punctuation.
    private const string Punctuation = @"[\p{P}$+<=>^`|~]";

    /// <summary>Appends the stages of a pre-tokenizer.</summary>
    public static void Read(JsonPart part, List<PieceStage> stages) => Read(part, stages, new PartLimit());

    private static void Read(JsonPart part, List<PieceStage> stages, PartLimit limit)
    {
        limit.Count(part);
        switch (part.Text("type"))
        {
            case "Sequence":
                foreach (JsonPart inner in part.Get("pretokenizers").Items())
                    Read(inner, stages, limit);
                break;
            case "ByteLevel":
                if (part.Flag("add_prefix_space", true))
                    stages.Add(new PrefixSpace());
                if (part.Flag("use_regex", true))
                    stages.Add(new RuleStage(new SplitStage<Gpt2Rule>(default)));
                stages.Add(new ByteLetters());
                break;
            case "Whitespace":
                stages.Add(Split(part, @"[\w\u200C\u200D]+|[^\w\s\u200C\u200D]+", SplitBehavior.Removed, true));
                break;
            case "WhitespaceSplit":
                stages.Add(Split(part, @"\s", SplitBehavior.Removed));
                break;
            case "BertPreTokenizer":
                stages.Add(Split(part, @"\s", SplitBehavior.Removed));
                stages.Add(Split(part, Punctuation, SplitBehavior.Isolated));
                break;
            case "Punctuation":
                stages.Add(Split(part, Punctuation, part.Find("behavior") is { } given ? Behavior(given) : SplitBehavior.Isolated));
                break;
            case "Digits":
                stages.Add(new RuleStage(new SplitStage<RunRule>(new(CharClass.Number, most: part.Flag("individual_digits", false) ? 1 : int.MaxValue))));
                break;
            case "CharDelimiterSplit":
                stages.Add(new PatternStage(PatternReader.Literal(part.Get("delimiter").Character().ToString(), part.Where), SplitBehavior.Removed, false));
                break;
            case "UnicodeScripts":
                stages.Add(new ScriptRuns());
                break;
            case "FixedLength":
                stages.Add(new FixedLength(part.Find("length") is not { } length ? 5
                    : length.Number(int.MaxValue) is > 0 and int some ? some : throw length.Bad("a length above 0")));
                break;
            case "Metaspace":
                stages.Add(MetaspaceReader.Read(part));
                break;
            case "Split":
                stages.Add(Split(part));
                break;
            case string type:
                throw part.Unknown("pre-tokenizer", type);
        }
    }

    private static PatternStage Split(JsonPart part, string pattern, SplitBehavior behavior, bool invert = false) =>
        new(TextPattern.Parse(pattern, part.Where), behavior, invert);

    private static PieceStage Split(JsonPart part)
    {
        JsonPart pattern = part.Get("pattern");
        (string? text, string? regex) = PatternReader.Read(pattern);
        SplitBehavior behavior = Behavior(part.Get("behavior"));
        bool invert = part.Flag("invert", false);
        if (text is not null)
            return new PatternStage(PatternReader.Literal(text, pattern.Where), behavior, invert);
        bool keepsMatches = behavior == SplitBehavior.Isolated || (behavior == SplitBehavior.Removed && invert);
        if (keepsMatches && KnownPatterns.Find(regex!) is { } known && (known.IsTotal || behavior == SplitBehavior.Isolated))
            return new RuleStage(known.Rule);
        return new PatternStage(TextPattern.Parse(regex!, pattern.Where), behavior, invert);
    }

    private static SplitBehavior Behavior(JsonPart part) => part.Text() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        string name => throw part.Unknown("behavior", name),
    };
}
