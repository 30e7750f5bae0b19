using Tessera.Engine;

namespace Tessera.Host.Cli;

/// <summary>What a model's files lack for an answer, and what follows from it.</summary>
internal static class MissingParts
{
    private const string Settings = "tokenizer_config.json";

    /// <summary>One line for each.</summary>
    /// <param name="composition">The model.</param>
    /// <param name="raw">Whether a chat template is not wanted.</param>
    public static IEnumerable<string> Of(Composition composition, bool raw)
    {
        if (composition.Source.Tokenizer is { Tokens.Length: 0, Files.Count: > 0 } assets && !assets.Files.ContainsKey(Settings))
            yield return $"{Settings} is missing: special tokens are known by their place around a text and by well-known spellings only";
        if (!raw && composition.Source.ChatTemplate is null)
            yield return "the model has no chat template: the prompt is continued as plain text, without --system, and a model that was trained on conversations may answer nothing";
        if (composition.Tokenizer.EndTokens.Count == 0)
            yield return "the model's files name no token that ends a text: an answer goes on to its limit of tokens";
    }
}
