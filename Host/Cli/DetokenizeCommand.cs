using System.CommandLine;
using System.Text.Json;
using Tessera.Host.Api;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera detokenize</c>: ids to texts, as JSON lines.</summary>
internal static class DetokenizeCommand
{
    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string?> config = CommandParts.Config();
        Command command = new("detokenize", "Reads {\"ids\"} lines and writes {\"text\"} lines; special tokens and a leading space are written out.") { model, config };
        command.Do((result, _) => RunAsync(result.GetValue(model)!, result.GetValue(config)));
        return command;
    }

    private static async Task<int> RunAsync(string model, string? config)
    {
        await using HostSession session = HostSession.Open(config, model);
        using OpenModel open = session.OpenFiles(session.Model.Path);
        ITokenizer tokenizer = open.CreateTokenizer();
        using TextReader input = JsonLines.StandardInput();
        using Stream output = Console.OpenStandardOutput();
        JsonLines.Run(input, output, (line, w) =>
        {
            JsonElement ids = new FieldReader(line).Get("ids") ?? throw ApiException.Invalid("ids", "an array of token ids", "nothing");
            w.WriteString("text", TokenizeRequests.Detokenize(TokenIds.Read(ids, "ids", tokenizer.VocabularySize), tokenizer));
        });
        return Terminal.Done;
    }
}
