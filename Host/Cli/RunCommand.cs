using System.CommandLine;
using System.Text.Json.Nodes;
using Tessera.Engine;
using Tessera.Host.Api;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera run</c>: one prompt, one answer.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        Argument<string> model = CommandParts.Model();
        Option<string> prompt = new("--prompt", "-p") { Description = "The prompt; - reads standard input.", Required = true, HelpName = "TEXT" };
        Option<bool> raw = new("--raw") { Description = "Continues the text as it is, without the chat template." };
        Option<string?> config = CommandParts.Config();
        GenerationParts parts = new();
        Command command = new("run", "Answers one prompt; the answer streams, then a line on standard error says how fast it was.") { model, prompt, raw, config };
        parts.AddTo(command);
        command.Do((result, cancellation) => RunAsync(result.GetValue(model)!, result.GetValue(prompt)!, result.GetValue(raw), result.GetValue(config), parts, result, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string model, string prompt, bool raw, string? config, GenerationParts parts, ParseResult result, CancellationToken cancellation)
    {
        if (prompt == "-")
            prompt = await Console.In.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await using HostSession session = HostSession.Open(config, model);
        Composition composition = session.Build(session.Model);
        ApiModel served = new(composition, ModelSampling.Defaults(composition.Source.Metadata.Sampling, session.Model.Sampling), session.Configuration.Api.EscapeSpecialTokens);
        await using Talk talk = new(composition, served, session.Configuration.Engine.TuneDrafts);
        foreach (string missing in MissingParts.Of(composition, raw))
            await Console.Error.WriteLineAsync($"warning: {missing}").ConfigureAwait(false);
        int[] ids = raw || composition.Source.ChatTemplate is null
            ? served.EncodeText(prompt, "prompt")
            : served.EncodeChat(Messages(result.GetValue(parts.System), prompt), null, addGenerationPrompt: true, TimeProvider.System.GetLocalNow().DateTime);
        (_, string speed) = await talk.SayAsync(parts.Request(result, served.Sampling, ids), cancellation).ConfigureAwait(false);
        await Console.Error.WriteLineAsync(speed).ConfigureAwait(false);
        return Terminal.Done;
    }

    private static JsonArray Messages(string? system, string prompt)
    {
        JsonArray messages = [];
        if (system is not null)
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = system });
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = prompt });
        return messages;
    }
}
