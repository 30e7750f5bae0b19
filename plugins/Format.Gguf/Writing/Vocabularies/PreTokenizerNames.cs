namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>Finds the name that llama.cpp has for a byte-level pre-tokenizer, by its definition: the patterns that cut a text, one after the other.</summary>
internal static class PreTokenizerNames
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Digit = @"\p{N}", ThreeDigits = @"\p{N}{1,3}";
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string WhiteTail = @"|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Capitals = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", Smalls = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string DeepSeek3 = """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^""" + @"\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*" + WhiteTail;
    private const string EastAsian = "[一-龥ࠀ-一가-퟿]+", HanAndKana = "[一-龥぀-ゟ゠-ヿ]+";

    /// <summary>The name.</summary>
    /// <param name="definition">The pre-tokenizer of tokenizer.json; null: it has none.</param>
    /// <param name="wholeWords">Whether a word that is a token needs no merges.</param>
    /// <param name="cleansSpaces">Whether decoding takes back spaces before punctuation.</param>
    /// <exception cref="UnsupportedModelException">llama.cpp has no name for it.</exception>
    public static string Find(TokenizerJson? definition, bool wholeWords, bool cleansSpaces)
    {
        List<string> patterns = [];
        foreach (TokenizerJson step in definition?.Steps("pretokenizers") ?? [])
            Add(step, patterns);
        return (patterns.ToArray() switch
        {
            [Gpt2] => "gpt-2",
            [Digit, Gpt2] => cleansSpaces ? "starcoder" : "smollm",
            [var words] when IsWord(words, ThreeDigits) => wholeWords ? "llama-bpe" : "smaug-bpe",
            [var words] when IsWord(words, Digit) => cleansSpaces ? "stablelm2" : "qwen2",
            [var words] when words == Word(@"[\p{L}\p{M}]", Digit, @"\p{L}\p{M}\p{N}") => "qwen35",
            [var words] when words == Cased($"{Contractions}?", ThreeDigits) => "gpt-4o",
            [var words] when words == Cased("", Digit) => "tekken",
            ["[\r\n]" or @"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", EastAsian, Digit] => "deepseek-coder",
            [ThreeDigits, HanAndKana, DeepSeek3] => "deepseek-v3",
            _ => null,
        }) ?? throw new UnsupportedModelException($"gguf: tokenizer.json: pre_tokenizer: llama.cpp has no name for the one that cuts by {(patterns.Count == 0 ? "nothing" : string.Join(", then ", patterns.Select(p => $"'{p}'")))}");
    }

    private static void Add(TokenizerJson step, List<string> patterns)
    {
        string type = step.Text("type");
        switch (type)
        {
            case "ByteLevel":
                if (step.Flag("add_prefix_space", true))
                    throw step.Unsaid("add_prefix_space");
                if (step.Flag("use_regex", true))
                    patterns.Add(Gpt2);
                break;
            case "Digits" when step.Flag("individual_digits", false):
                patterns.Add(Digit);
                break;
            case "Split" when step.Get("pattern").Find("Regex") is { } regex && step.Text("behavior") is var behavior && step.Flag("invert", false) is var invert
                && (behavior == "Isolated" || (behavior == "Removed" && invert)):
                patterns.Add(regex.Text());
                break;
            default:
                throw step.Unsaid($"a pre-tokenizer of type {type} as it is set up here");
        }
    }

    // The second spelling is cl100k's, with possessive quantifiers where nothing could be given back anyway.
    private static bool IsWord(string pattern, string numbers) => pattern == Word(@"\p{L}", numbers, @"\p{L}\p{N}")
        || pattern == @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|" + numbers + @"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+";

    private static string Word(string letter, string numbers, string others) =>
        $@"{Contractions}|[^\r\n\p{{L}}\p{{N}}]?{letter}+|{numbers}| ?[^\s{others}]+[\r\n]*{WhiteTail}";

    private static string Cased(string contractions, string numbers) =>
        $@"[^\r\n\p{{L}}\p{{N}}]?{Capitals}*{Smalls}+{contractions}|[^\r\n\p{{L}}\p{{N}}]?{Capitals}+{Smalls}*{contractions}|{numbers}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*{WhiteTail}";
}
