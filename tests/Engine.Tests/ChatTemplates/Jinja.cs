using System.Text.Json.Nodes;
using Tessera.Engine.ChatTemplates;

namespace Tessera.Engine.Tests.ChatTemplates;

/// <summary>Short ways to render a template in a test.</summary>
internal static class Jinja
{
    public static ChatTemplateInput Input(string? messages = null, string? variables = null) => new()
    {
        Messages = messages is null ? null : JsonNode.Parse(messages),
        Variables = variables is null ? null : JsonNode.Parse(variables)!.AsObject(),
        Now = new DateTime(2025, 6, 1, 12, 0, 0),
    };

    public static string Render(string source, string? variables = null) => ChatTemplate.Parse(source).Render(Input(null, variables));

    public static ChatTemplateException Fails(string source, ChatTemplateErrorKind kind, string? variables = null)
    {
        ChatTemplateException error = Assert.Throws<ChatTemplateException>(() => Render(source, variables));
        Assert.True(error.Kind == kind, $"expected {kind}, found {error.Kind}: {error.Message}");
        return error;
    }
}
