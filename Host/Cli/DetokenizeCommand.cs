using System.CommandLine;
using System.Text.Json;
using Tessera.Host.Api;

namespace Tessera.Host.Cli;

/// <summary><c>tessera detokenize</c>: ids to texts, as JSON lines.</summary>
internal static class DetokenizeCommand
{
    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string?> config = CommandParts.Config();
        Command command = new("detokenize", "Reads {\"ids\"} lines and writes {\"text\"} lines; special tokens and a leading space are written out.") { model, config };
        command.Do((result, _) => TokenizerLines.RunAsync(result.GetValue(model)!, result.GetValue(config), Answer));
        return command;
    }

    private static void Answer(JsonElement line, ITokenizer tokenizer, Utf8JsonWriter w)
    {
        JsonElement ids = new FieldReader(line).Get("ids") ?? throw ApiException.Invalid("ids", "an array of token ids", "nothing");
        w.WriteString("text", TokenizeRequests.Detokenize(TokenIds.Read(ids, "ids", tokenizer.VocabularySize), tokenizer));
    }
}
