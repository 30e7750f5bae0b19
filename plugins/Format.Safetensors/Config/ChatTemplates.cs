using System.Text;
using System.Text.Json;

namespace Tessera.Format.Safetensors.Config;

/// <summary>
/// The chat templates of a folder: chat_template.jinja, else what tokenizer_config.json (or an old chat_template.json) has, which is one template or several named ones; over both, by their names,
/// the files of additional_chat_templates.
/// </summary>
internal static class ChatTemplates
{
    private const string Key = "chat_template", DefaultName = "default", ToolsName = "tool_use";
    private const int MostBytes = 16 << 20;

    /// <summary>The template for all conversations and the one for those with tools; null where the folder has none.</summary>
    /// <exception cref="ModelFormatException">A template is no text.</exception>
    public static (string? Template, string? Tools) Read(IModelFiles files)
    {
        (string? template, string? tools) = files.TryOpen("chat_template.jinja") is { } file ? (Text(file), null) : OfSettings(files);
        return (Additional(files, DefaultName) ?? template, Additional(files, ToolsName) ?? tools);
    }

    private static string? Additional(IModelFiles files, string name) =>
        files.IsFolder && files.TryOpen($"additional_chat_templates/{name}.jinja") is { } file ? Text(file) : null;

    private static (string?, string?) OfSettings(IModelFiles files)
    {
        foreach (string name in (ReadOnlySpan<string>)["tokenizer_config.json", "chat_template.json"])
            if (files.TryOpen(name) is { } settings && JsonSection.Parse(settings) is var section && section.Raw(Key) is { } value)
                return Of(section, value);
        return (null, null);
    }

    private static (string?, string?) Of(JsonSection section, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return (section.Text(Key), null);
        if (value.ValueKind == JsonValueKind.Object)
            return (section.Section(Key)!.Text(DefaultName), section.Section(Key)!.Text(ToolsName));
        Dictionary<string, string> named = new(StringComparer.Ordinal);
        foreach (JsonElement entry in section.List(Key)!)
            if (entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String
                && entry.TryGetProperty("template", out JsonElement template) && template.ValueKind == JsonValueKind.String)
                named[section.String(name, Key)] = section.String(template, Key);
            else
                throw section.Bad(Key, "a text, or a list of objects with name and template", JsonSection.Shown(entry));
        return (named.GetValueOrDefault(DefaultName), named.GetValueOrDefault(ToolsName));
    }

    private static unsafe string Text(IModelFile file) => file.Length <= MostBytes
        ? Encoding.UTF8.GetString(new ReadOnlySpan<byte>(file.Data, (int)file.Length))
        : throw Errors.File(file.Name, $"expected at most {MostBytes} bytes of a template, found {file.Length}");
}
