namespace Tessera.Format.Gguf.Writing.Vocabularies;

/// <summary>What tokenizer_config.json's flags put around a text where its class rebuilds the post-processor from them.</summary>
internal static class ExplicitAround
{
    // With or without "Fast" behind.
    private static readonly string[] Classes = ["CodeLlamaTokenizer", "CohereTokenizer", "GemmaTokenizer", "LlamaTokenizer"];

    /// <summary>Whether BOS and EOS are added; null: the class does not say, and the post-processor counts.</summary>
    public static (bool Bos, bool Eos)? Of(TokenizerJson config)
    {
        string name = config.Find("tokenizer_class")?.Text() ?? "";
        bool rebuilds = Classes.Any(c => name == c || name == $"{c}Fast");
        return rebuilds && (config.Find("add_bos_token") is not null || config.Find("add_eos_token") is not null)
            ? (config.Flag("add_bos_token", true), config.Flag("add_eos_token", false))
            : null;
    }
}
