using System.Text.Json;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary>JSON lines that a model's tokenizer answers; nothing of the model but its vocabulary is needed.</summary>
internal static class TokenizerLines
{
    public static async Task<int> RunAsync(string model, string? config, Action<JsonElement, ITokenizer, Utf8JsonWriter> answer)
    {
        await using HostSession session = HostSession.Open(config, model);
        using OpenTokenizer open = session.OpenTokenizer(session.Model.Path);
        ITokenizer tokenizer = open.Tokenizer;
        using TextReader input = JsonLines.StandardInput();
        using Stream output = Console.OpenStandardOutput();
        JsonLines.Run(input, output, (line, w) => answer(line, tokenizer, w));
        return Terminal.Done;
    }
}
