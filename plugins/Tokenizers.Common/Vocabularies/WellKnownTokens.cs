namespace Tessera.Tokenizers.Common.Vocabularies;

/// <summary>Spellings that models agree on, for files that do not say what a token is for.</summary>
/// <remarks>The lists are those of llama.cpp's end-of-generation detection, so that the same file stops at the same tokens.</remarks>
public static class WellKnownTokens
{
    /// <summary>Ends a turn; in order of preference.</summary>
    public static IReadOnlyList<string> EndOfTurn { get; } =
    [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<EOT>", "_<EOT>", "[EOT]",
        "<｜end▁of▁sentence｜>", "<end_of_utterance>",
    ];

    /// <summary>Ends a message that a tool must answer.</summary>
    public static IReadOnlyList<string> EndOfMessage { get; } = ["<|eom_id|>"];

    /// <summary>Ends generation beside the two lists above.</summary>
    public static IReadOnlyList<string> EndOfGeneration { get; } =
    [
        "<|return|>", "<|call|>", "<|calls|>", "<|flush|>", "</s>", "<eos>", "[EOS]", "<turn|>", "<|tool_response>", "[e~[",
    ];

    /// <summary>Separates files when code is filled in: padding, repository, file. Ends generation too.</summary>
    public static IReadOnlyList<string> FillInTheMiddleEnds { get; } =
    [
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
        "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
    ];

    /// <summary>Marks the parts of code that is filled in. Control tokens, whatever the file says.</summary>
    public static IReadOnlyList<string> FillInTheMiddleParts { get; } =
    [
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>",
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>",
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>",
    ];
}
