using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Engine.ChatTemplates;
using Tessera.Host.Api;
using Tessera.Host.Models;

namespace Tessera.Host.Cli;

/// <summary><c>tessera template</c>: conversations to prompts, as JSON lines.</summary>
internal static class TemplateCommand
{
    public static Command Create()
    {
        Argument<string> model = new("MODEL|FILE.jinja") { Description = "A model, whose own template is used, or a file with a template." };
        Option<string?> config = CommandParts.Config();
        Command command = new("template", "Reads {\"messages\", \"tools\", \"documents\", \"add_generation_prompt\", \"bos_token\", \"eos_token\", \"kwargs\", \"now\"} lines and writes {\"text\"} lines.") { model, config };
        command.Do((result, _) => RunAsync(result.GetValue(model)!, result.GetValue(config)));
        return command;
    }

    private static async Task<int> RunAsync(string model, string? config)
    {
        (string plain, string? forTools) = await ReadAsync(model, config).ConfigureAwait(false);
        ChatTemplate template = ChatTemplate.Parse(plain);
        ChatTemplate? toolTemplate = forTools is null ? null : ChatTemplate.Parse(forTools);
        using TextReader input = JsonLines.StandardInput();
        using Stream output = Console.OpenStandardOutput();
        JsonLines.Run(input, output, (line, w) => w.WriteString("text", Render(Input(line))));
        return Terminal.Done;

        string Render(ChatTemplateInput conversation) => (conversation.Tools is null ? template : toolTemplate ?? template).Render(conversation);
    }

    private static async Task<(string Template, string? Tools)> ReadAsync(string model, string? config)
    {
        if (Path.GetExtension(model) is ".jinja" or ".jinja2" or ".j2")
            return (TextFile.Read(model, "a Jinja template"), null);
        await using HostSession session = HostSession.Open(config, model);
        using OpenModel open = session.OpenFiles(session.Model.Path);
        return (open.Source.ChatTemplate ?? throw new TesseraException($"{open.Files.Name}: the model has no chat template{string.Concat(open.Source.Faults.Select(f => $"; {f}"))}"), open.Source.ToolChatTemplate);
    }

    private static ChatTemplateInput Input(JsonElement line)
    {
        FieldReader fields = new(line);
        string? now = fields.String("now");
        DateTime time = TimeProvider.System.GetLocalNow().DateTime;
        if (now is not null && !DateTime.TryParse(now, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out time))
            throw ApiException.Invalid("now", "an ISO local time such as 2026-01-31T12:00:00", $"'{now}'");
        return new ChatTemplateInput
        {
            Messages = Node(fields, "messages"),
            Tools = Node(fields, "tools"),
            Documents = Node(fields, "documents"),
            AddGenerationPrompt = fields.Boolean("add_generation_prompt") ?? false,
            BosToken = fields.String("bos_token"),
            EosToken = fields.String("eos_token"),
            Variables = Node(fields, "kwargs") is { } kwargs ? kwargs as JsonObject ?? throw ApiException.Invalid("kwargs", "an object", "something else") : null,
            Now = time,
        };
    }

    private static JsonNode? Node(in FieldReader fields, string field) =>
        fields.Get(field) is { } value ? JsonNode.Parse(value.GetRawText()) : null;
}
