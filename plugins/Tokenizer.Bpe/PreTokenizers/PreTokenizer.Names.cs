using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Bpe.PreTokenizers;

/// <summary>The pre-tokenizers by the names that GGUF files use (<c>tokenizer.ggml.pre</c>). Patterns are those of the models' tokenizer.json.</summary>
internal sealed partial class PreTokenizer
{
    /// <summary>The pre-tokenizer of a name; without one, the one that old files mean.</summary>
    /// <exception cref="UnsupportedModelException">The name is not known.</exception>
    public static PreTokenizer Named(string? name) => name switch
    {
        null or "" or "default" => new(Runs("$+<=>^~|"), Gpt2, new SplitStage<RunRule>(new(CharClass.Number)), ThreeDigits) { CleansSpaces = true },
        "gpt-2" or "phi-2" or "mpt" or "olmo" or "jais" or "exaone4" or "gigachat" or "a.x-4.0" or "mellum" or "modern-bert"
            or "jina-es" or "jina-de" or "jina-v2-es" or "jina-v2-de" or "jina-v1-en" or "jina-v2-code" or "roberta-bpe"
            => new(Gpt2) { CleansSpaces = true },
        "trillion" or "granite-docling" => new(Gpt2),
        "starcoder" or "refact" or "codeshell" or "exaone" or "minerva-7b" or "mellum2" => new(Digit, Gpt2) { CleansSpaces = true },
        "smollm" or "command-r" => new(Digit, Gpt2),
        "falcon" => new(Runs("$+<=>^~|`"), Gpt2, ThreeDigits) { CleansSpaces = true },
        "llama3" or "llama-v3" or "llama-bpe" or "falcon3" or "falcon-h1" or "pixtral" or "midm-2.0" or "lfm2" or "jina-v5-nano"
            => new(Word(3)) { CleansSpaces = true, WholeWords = true, AddsBos = true },
        "dbrx" or "smaug-bpe" or "glm4" or "chatglm-bpe" => new(Word(3)) { CleansSpaces = true },
        "stablelm2" or "megrez" => new(Word(1)) { CleansSpaces = true },
        "qwen2" or "deepseek-r1-qwen" or "kormo" or "f2llmv2" or "hunyuan" or "solar-open" or "grok-2" or "bailingmoe" or "bailingmoe2" or "llada-moe"
            => new(Word(1)),
        "qwen35" => new(new SplitStage<WordRule>(new() { Digits = 1, Word = CharClass.Letter | CharClass.Mark })),
        "ufakzeka" => new(new SplitStage<WordRule>(new() { Digits = 1, Contractions = false })),
        "seed-coder" => new(new SplitStage<WordRule>(new() { Digits = 1, PunctuationTakesLines = false })),
        "minicpm5" => new(ThreeNumbers, Word(int.MaxValue)) { CleansSpaces = true, WholeWords = true },
        "laguna" => new(Lines, Word(1)),
        "gpt-4o" or "llama4" or "kanana2" or "talkie" or "minimax-m2" => new(new SplitStage<CasedWordRule>(new())),
        "tekken" => new(new SplitStage<CasedWordRule>(new() { Digits = 1, Contractions = false })) { WholeWords = true, AddsBos = true },
        "deepseek-llm" => new(Newline,
            new SplitStage<RangeRule>(new(DeepSeekRanges.Letters, true)), new SplitStage<RangeRule>(new(DeepSeekRanges.Punctuation, true)),
            new SplitStage<TrailingSpaceRule>(default), new SplitStage<RangeRule>(new(DeepSeekRanges.EastAsian)), new SplitStage<RunRule>(new(CharClass.Number))),
        "deepseek-coder" => new(Newline,
            new SplitStage<RunRule>(new(CharClass.Letter, leadingSpace: true)), new SplitStage<RunRule>(new(CharClass.Punctuation, leadingSpace: true)),
            new SplitStage<RangeRule>(new(DeepSeekRanges.EastAsian)), Digit),
        "deepseek-v3" or "hunyuan-dense" or "joyai-llm" or "hy_v4"
            => new(ThreeNumbers, new SplitStage<RangeRule>(new(DeepSeekRanges.HanAndKana)), new SplitStage<DeepSeek3Rule>(default)),
        "spark2_5" => new(ThreeNumbers, new SplitStage<RangeRule>(new(DeepSeekRanges.HanAndKana)), new SplitStage<DeepSeek3Rule>(new() { LinesApart = true }), Digit),
        "afmoe" => new(new DigitGroupStage(CharClass.Number, isolated: true), new SplitStage<RangeRule>(new(EastAsianRanges.WithoutSpaces)), new SplitStage<DeepSeek3Rule>(default)),
        "youtu" => new(new SplitStage<RangeRule>(new(EastAsianRanges.Hangul)), new SplitStage<RangeRule>(new(EastAsianRanges.Punctuation)),
            new SplitStage<RangeRule>(new(EastAsianRanges.Bopomofo)), new SplitStage<RangeRule>(new(DeepSeekRanges.HanAndKana)),
            new SplitStage<CasedWordRule>(new() { Digits = 1 })) { WholeWords = true },
        "granite-embed-multi-97m" => new(new SplitStage<CasedWordRule>(new())) { WholeWords = true },
        "tiny_aya" or "cohere2moe" => new(new DigitGroupStage(CharClass.Digit, isolated: true, wholeWords: true), new SplitStage<CasedWordRule>(new())),
        "kimi-k2" => new(new SplitStage<CasedWordRule>(new() { HanApart = true, Slashes = false })),
        "superbpe" => new(new SplitStage<RunRule>(new(CharClass.Number)), new DigitGroupStage(CharClass.Digit, isolated: false)),
        "exaone-moe" => new(new SplitStage<PhraseRule>(default)) { CleansSpaces = true },
        "jais-2" => new(new SplitStage<WordRule>(new() { WhiteInPowers = true })) { CleansSpaces = true },
        "chameleon" => new(new SplitStage<SentinelRule>(default), new SplitStage<ImageTokenRule>(default), new SplitStage<SpacePairRule>(default),
            Digit, new SplitStage<RunRule>(new(CharClass.Punctuation, most: 1, ascii: "$+<=>^`|~")), Gpt2) { AddsBos = true },
        "gemma4" or "granite-embed-multi-311m" => new(Lines) { CleansSpaces = true, Alphabet = SpellingAlphabet.MarkedSpaces, WholeLineBreaks = true, NeedsBos = true },
        "sarvam-moe" => new(Lines) { Alphabet = SpellingAlphabet.MarkedSpaces },
        "whitespace" => new(new SplitStage<RunRule>(new(CharClass.White))) { CleansSpaces = true, Alphabet = SpellingAlphabet.Plain },
        "bloom" or "gpt3-finnish" => new(Bloom) { CleansSpaces = true },
        "poro-chat" => new(Bloom),
        "viking" => new(Bloom, Digit),
        _ => throw new UnsupportedModelException($"tokenizer.ggml.pre: the pre-tokenizer '{name}' is not known"),
    };

    /// <summary>GPT-2's words and nothing else.</summary>
    public static PreTokenizer Gpt2Words => new(Gpt2);

    /// <summary>A pre-tokenizer without a name.</summary>
    public static PreTokenizer Of(SplitStage stage) => new(stage);

    private static SplitStage<Gpt2Rule> Gpt2 => new SplitStage<Gpt2Rule>(default);
    private static SplitStage<LineRule> Lines => new SplitStage<LineRule>(default);
    private static SplitStage Bloom => new SplitStage<BloomRule>(default);
    private static SplitStage Digit => new SplitStage<RunRule>(new(CharClass.Number, most: 1));
    private static SplitStage ThreeNumbers => new SplitStage<RunRule>(new(CharClass.Number, most: 3));
    private static SplitStage ThreeDigits => new SplitStage<ThreeDigitsRule>(default);
    private static SplitStage Newline => new SplitStage<RunRule>(new(CharClass.Newline, most: 1));

    private static SplitStage<WordRule> Word(int digits) => new SplitStage<WordRule>(new() { Digits = digits });

    private static SplitStage<RunRule> Runs(string ascii) => new SplitStage<RunRule>(new(CharClass.Punctuation, ascii: ascii));
}
