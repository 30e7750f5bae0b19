using System.CommandLine;
using System.Text;
using System.Text.Json;
using Tessera.Host.Api;

namespace Tessera.Host.Cli;

/// <summary><c>tessera tokenize</c>: texts to ids, as JSON lines.</summary>
internal static class TokenizeCommand
{
    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string?> config = CommandParts.Config();
        Command command = new("tokenize", "Reads {\"text\", \"add_special\", \"parse_special\"} lines and writes {\"ids\", \"pieces\"} lines.") { model, config };
        command.Do((result, _) => TokenizerLines.RunAsync(result.GetValue(model)!, result.GetValue(config), Answer));
        return command;
    }

    private static void Answer(JsonElement line, ITokenizer tokenizer, Utf8JsonWriter w)
    {
        FieldReader fields = new(line);
        string text = fields.String("text") ?? throw ApiException.Invalid("text", "a text", "nothing");
        List<int> ids = [];
        tokenizer.Encode(text, new EncodeOptions { AddSpecial = fields.Boolean("add_special") ?? false, ParseSpecial = fields.Boolean("parse_special") ?? false }, ids);
        w.WriteStartArray("ids");
        ids.ForEach(w.WriteNumberValue);
        w.WriteEndArray();
        w.WriteStartArray("pieces");
        foreach (int id in ids)
            w.WriteStringValue(Encoding.UTF8.GetString(tokenizer.Piece(id)));
        w.WriteEndArray();
    }
}
