using System.Diagnostics.CodeAnalysis;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Cold throw helpers; the line is added where rendering ends.</summary>
internal static class Failure
{
    // Messages quote names and values of the template, which may be long.
    private const int MaxMessageChars = 500;

    [DoesNotReturn]
    public static void Throw(string message) => throw new ChatTemplateException(ChatTemplateErrorKind.Runtime, Shorten(message));

    [DoesNotReturn]
    public static T Throw<T>(string message) => throw new ChatTemplateException(ChatTemplateErrorKind.Runtime, Shorten(message));

    public static string Shorten(string message) => message.Length <= MaxMessageChars ? message : message[..MaxMessageChars] + "…";

    [DoesNotReturn]
    public static void Limit(string message) => throw new ChatTemplateException(ChatTemplateErrorKind.Limit, message);
}
