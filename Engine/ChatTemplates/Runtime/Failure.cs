using System.Diagnostics.CodeAnalysis;

namespace Tessera.Engine.ChatTemplates.Runtime;

/// <summary>Cold throw helpers; the line is added where rendering ends.</summary>
internal static class Failure
{
    [DoesNotReturn]
    public static void Throw(string message) => throw new ChatTemplateException(ChatTemplateErrorKind.Runtime, message);

    [DoesNotReturn]
    public static T Throw<T>(string message) => throw new ChatTemplateException(ChatTemplateErrorKind.Runtime, message);

    [DoesNotReturn]
    public static void Limit(string message) => throw new ChatTemplateException(ChatTemplateErrorKind.Limit, message);
}
