using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Turns JSON into template values; numbers keep the form of their text.</summary>
/// <param name="state">The rendering that pays for it.</param>
/// <param name="transform">Changes each string: its text, and the key that it stands under (null for the key itself).</param>
internal sealed class JsonInput(RenderState state, Func<string, string?, string>? transform)
{
    public object? Read(JsonNode? node) => Read(node, null);

    private object? Read(JsonNode? node, string? under)
    {
        state.Budget.Step();
        switch (node)
        {
            case null:
                return null;
            case JsonValue value:
                return Scalar(value, under);
        }

        state.Budget.Enter();
        object result;
        try
        {
            result = node is JsonArray array ? List(array, under) : Dict((JsonObject)node);
        }
        catch (ArgumentException e)
        {
            // JsonObject finds a key that is there twice when it is first read.
            throw new ChatTemplateException(ChatTemplateErrorKind.Runtime, $"the JSON input has an object that cannot be read: {e.Message}");
        }

        state.Budget.Leave();
        return result;
    }

    private ListValue List(JsonArray array, string? under)
    {
        Allow(array.Count);
        object?[] items = new object?[array.Count];
        for (int i = 0; i < items.Length; i++)
            items[i] = Read(array[i], under);
        return new ListValue(items);
    }

    private DictValue Dict(JsonObject source)
    {
        Allow(2L * source.Count);
        DictValue dict = new(state.Keys);
        foreach ((string key, JsonNode? value) in source)
        {
            Allow(key.Length);
            dict.Set(transform is null ? key : transform(key, null), Read(value, key));
        }

        return dict;
    }

    private object? Scalar(JsonValue value, string? under)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.Number:
                return Number(value);
            default:
                string text = Text(value);
                Allow(text.Length);
                return transform is null ? text : transform(text, under ?? "");
        }
    }

    private static string Text(JsonValue value)
    {
        if (value.TryGetValue(out string? text))
            return text;
        try
        {
            // A date or an identifier, say, that a program put in: its JSON form is a string.
            return JsonSerializer.Deserialize<string>(value.ToJsonString()) ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ChatTemplateException(ChatTemplateErrorKind.Runtime, $"the JSON input has a string that cannot be read: {e.Message}");
        }
    }

    private object Number(JsonValue value)
    {
        if (!value.TryGetValue(out JsonElement element) && (value.TryGetValue(out double _) || value.TryGetValue(out float _) || value.TryGetValue(out decimal _)))
            return double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
        string text = element.ValueKind == JsonValueKind.Number ? element.GetRawText() : value.ToJsonString();
        if (text.AsSpan().ContainsAny('.', 'e', 'E'))
            return double.Parse(text, CultureInfo.InvariantCulture);
        if (long.TryParse(text, CultureInfo.InvariantCulture, out long small))
            return small;
        if (text.Length > Numbers.MaxDigits)
            Failure.Limit($"a JSON integer has {text.Length} digits, at most {Numbers.MaxDigits} are allowed");
        state.Budget.Steps(text.Length);
        return Numbers.Normal(BigInteger.Parse(text, CultureInfo.InvariantCulture));
    }

    // Real conversations may be large: what they cost raises the limit that holds for the template's own strings.
    private void Allow(long size) => state.Budget.Allow(size);
}
