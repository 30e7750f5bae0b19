using Tessera.Tokenizer.Bpe.PreTokenizers;
using Tessera.Tokenizers.Common.Files;
using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizer.Bpe.Tiktoken;

/// <summary>What a rank file does not say: how texts are cut, and the special tokens.</summary>
/// <param name="PreTokenizer">How texts are cut.</param>
/// <param name="Special">Spelling and id of each special token.</param>
internal sealed record TiktokenEncoding(PreTokenizer PreTokenizer, (string Spelling, int Id)[] Special)
{
    private const string EndOfText = "<|endoftext|>", EndOfPrompt = "<|endofprompt|>";

    // The names of tiktoken's openai_public.py.
    private static readonly string[] Names = ["gpt2", "r50k_base", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base", "o200k_harmony"];

    // The classes of models that bring a rank file and Python code.
    private const string QwenClass = "QWenTokenizer", KimiClass = "TikTokenTokenizer";

    /// <summary>The encoding of a file.</summary>
    /// <param name="fileName">The file's name.</param>
    /// <param name="config">What stands in tokenizer_config.json beside it.</param>
    /// <param name="count">The number of ranks.</param>
    /// <exception cref="UnsupportedModelException">Neither is known.</exception>
    public static TiktokenEncoding Of(string fileName, TokenizerConfig config, int count) => Path.GetFileNameWithoutExtension(fileName) switch
    {
        "gpt2" or "r50k_base" or "p50k_base" => new(PreTokenizer.Gpt2Words, [(EndOfText, 50256)]),
        "p50k_edit" => new(PreTokenizer.Gpt2Words, [(EndOfText, 50256), ("<|fim_prefix|>", 50281), ("<|fim_middle|>", 50282), ("<|fim_suffix|>", 50283)]),
        "cl100k_base" => new(PreTokenizer.Of(new SplitStage<WordRule>(new() { WhiteAtEnd = true })),
            [(EndOfText, 100257), ("<|fim_prefix|>", 100258), ("<|fim_middle|>", 100259), ("<|fim_suffix|>", 100260), (EndOfPrompt, 100276)]),
        "o200k_base" => new(CasedWords(), [(EndOfText, 199999), (EndOfPrompt, 200018)]),
        "o200k_harmony" => new(CasedWords(), Harmony()),
        _ => config.TokenizerClass switch
        {
            QwenClass => new(PreTokenizer.Named("qwen2"), [(EndOfText, count), ("<|im_start|>", count + 1), ("<|im_end|>", count + 2), .. Enumerable.Range(0, 205).Select(i => ($"<|extra_{i}|>", count + 3 + i))]),
            KimiClass => new(PreTokenizer.Named("kimi-k2"), [.. Enumerable.Range(count, 256).Where(id => !config.Added.ContainsKey(id)).Select(id => ($"<|reserved_token_{id}|>", id))]),
            _ => throw new UnsupportedModelException($"{fileName}: how it cuts texts is not known: the name is none of {string.Join(", ", Names)}, and "
                + $"{TokenizerConfig.FileName} beside it {(config.TokenizerClass is { } found ? $"has tokenizer_class '{found}'" : "does not name a tokenizer_class")}; known are {QwenClass} and {KimiClass}"),
        },
    };

    private static PreTokenizer CasedWords() => PreTokenizer.Of(new SplitStage<CasedWordRule>(new()));

    private static (string, int)[] Harmony()
    {
        Dictionary<int, string> named = new()
        {
            [199998] = "<|startoftext|>", [199999] = EndOfText, [200002] = "<|return|>", [200003] = "<|constrain|>", [200005] = "<|channel|>",
            [200006] = "<|start|>", [200007] = "<|end|>", [200008] = "<|message|>", [200012] = "<|call|>", [200018] = EndOfPrompt,
        };
        return [.. Enumerable.Range(199998, 201088 - 199998).Select(id => (named.GetValueOrDefault(id, $"<|reserved_{id}|>"), id))];
    }
}
