using System.CommandLine;
using System.Text.Json.Nodes;
using Tessera.Engine;
using Tessera.Host.Api;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera chat</c>: a conversation in the terminal.</summary>
internal static class ChatCommand
{
    public static Command Create()
    {
        Argument<string?> model = new("MODEL") { Description = "A configured model's name, or the path of a model file (default: the default model).", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> config = CommandParts.Config();
        GenerationParts parts = new();
        Command command = new("chat", "Holds a conversation; an empty line is passed over, /reset begins anew, /bye or end of input ends.") { model, config };
        parts.AddTo(command);
        command.Do((result, cancellation) => RunAsync(result.GetValue(model), result.GetValue(config), parts, result, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string? model, string? config, GenerationParts parts, ParseResult result, CancellationToken cancellation)
    {
        await using HostSession session = HostSession.Open(config, model);
        Composition composition = session.Build(session.Model);
        ApiModel served = new(composition, ModelSampling.Defaults(composition.Source.Metadata.Sampling, session.Model.Sampling), session.Configuration.Api.EscapeSpecialTokens);
        await using Talk talk = new(composition, served, session.Configuration.Engine.TuneDrafts);
        if (composition.Source.Metadata.Description is { } description)
            await Console.Error.WriteLineAsync($"{composition.Name}: {description}").ConfigureAwait(false);
        JsonArray messages = Begin(result.GetValue(parts.System));
        while (!cancellation.IsCancellationRequested)
        {
            await Console.Error.WriteAsync("> ").ConfigureAwait(false);
            string? line = await Console.In.ReadLineAsync(cancellation).ConfigureAwait(false);
            if (line is null or "/bye")
                break;
            if (line == "/reset")
                messages = Begin(result.GetValue(parts.System));
            else if (!string.IsNullOrWhiteSpace(line))
                await AnswerAsync(talk, messages, line, parts, result, cancellation).ConfigureAwait(false);
        }
        return Terminal.Done;
    }

    /// <summary>One turn; one that fails is taken back, and the conversation goes on.</summary>
    private static async Task AnswerAsync(Talk talk, JsonArray messages, string line, GenerationParts parts, ParseResult result, CancellationToken cancellation)
    {
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = line });
        try
        {
            int[] ids = talk.Model.EncodeChat(messages, null, addGenerationPrompt: true, TimeProvider.System.GetLocalNow().DateTime);
            (string text, _) = await talk.SayAsync(parts.Request(result, talk.Model.Sampling, ids), cancellation).ConfigureAwait(false);
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = text });
        }
        catch (Exception e) when (e is ApiException or TesseraException or ArgumentException)
        {
            messages.RemoveAt(messages.Count - 1);
            await Console.Error.WriteLineAsync($"tessera: {e.Message}").ConfigureAwait(false);
        }
    }

    private static JsonArray Begin(string? system) => system is null ? [] : [new JsonObject { ["role"] = "system", ["content"] = system }];
}
