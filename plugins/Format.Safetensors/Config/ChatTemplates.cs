using System.Text;
using System.Text.Json;

namespace Tessera.Format.Safetensors.Config;

/// <summary>
/// The chat templates of a folder: chat_template.jinja, else what tokenizer_config.json (or an old chat_template.json) has, which is one template or several named ones; over both, by their names,
/// the files of additional_chat_templates.
/// </summary>
/// <param name="Default">The template for all conversations, or null.</param>
/// <param name="Tools">The template for those with tools, where it is another one, or null.</param>
internal sealed record ChatTemplates(string? Default, string? Tools)
{
    private const string Key = "chat_template", DefaultName = "default", ToolsName = "tool_use";
    private const string Expected = "a text, or a list of objects with name and template";
    private const int MostBytes = 16 << 20, MostNamed = 16;

    /// <summary>Reads the folder's files.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="warnings">Told where there are named templates and none for all conversations.</param>
    /// <exception cref="ModelFormatException">A template is no text.</exception>
    public static ChatTemplates Read(IModelFiles files, List<string> warnings)
    {
        IReadOnlyList<string> names = [];
        (string? template, string? tools) = files.TryOpen("chat_template.jinja") is { } file ? (Text(file), null) : OfSettings(files, out names);
        template = Additional(files, DefaultName) ?? template;
        if (template is null && names.Count > 0)
            warnings.Add($"chat templates are named {string.Join(", ", names.Take(MostNamed).Select(n => $"'{Errors.Readable(n)}'"))}{(names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "")}, and none '{DefaultName}': there is none for all conversations");
        return new(template, Additional(files, ToolsName) ?? tools);
    }

    private static string? Additional(IModelFiles files, string name) =>
        files.IsFolder && files.TryOpen($"additional_chat_templates/{name}.jinja") is { } file ? Text(file) : null;

    private static (string?, string?) OfSettings(IModelFiles files, out IReadOnlyList<string> names)
    {
        names = [];
        foreach (string name in (ReadOnlySpan<string>)["tokenizer_config.json", "chat_template.json"])
            if (files.TryOpen(name) is { } settings && JsonSection.Parse(settings) is var section && section.Raw(Key) is { } value)
                return Of(section, value, out names);
        return (null, null);
    }

    private static (string?, string?) Of(JsonSection section, JsonElement value, out IReadOnlyList<string> names)
    {
        names = [];
        if (value.ValueKind == JsonValueKind.String)
            return (section.Text(Key), null);
        if (value.ValueKind == JsonValueKind.Object)
        {
            JsonSection each = section.Section(Key)!;
            names = [.. each.Keys];
            return (each.Text(DefaultName), each.Text(ToolsName));
        }
        if (value.ValueKind != JsonValueKind.Array)
            throw section.Bad(Key, Expected, JsonSection.Told(value));
        OrderedDictionary<string, string> named = new(StringComparer.Ordinal);
        foreach (JsonElement entry in value.EnumerateArray())
            if (entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String
                && entry.TryGetProperty("template", out JsonElement template) && template.ValueKind == JsonValueKind.String)
                named[section.String(name, Key)] = section.String(template, Key);
            else
                throw section.Bad(Key, Expected, JsonSection.Told(entry));
        names = [.. named.Keys];
        return (named.GetValueOrDefault(DefaultName), named.GetValueOrDefault(ToolsName));
    }

    private static unsafe string Text(IModelFile file) => file.Length <= MostBytes
        ? Encoding.UTF8.GetString(new ReadOnlySpan<byte>(file.Data, (int)file.Length))
        : throw Errors.File(file.Name, $"expected at most {MostBytes} bytes of a template, found {file.Length}");
}
