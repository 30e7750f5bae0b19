using System.Diagnostics.CodeAnalysis;
using Tessera.Engine.ChatTemplates.Runtime;

namespace Tessera.Engine.ChatTemplates.Syntax;

internal static class SyntaxError
{
    [DoesNotReturn]
    public static void Throw(int line, string message) =>
        throw new ChatTemplateException(ChatTemplateErrorKind.Syntax, Failure.Shorten($"chat template, line {line}: {message}"), line);

    [DoesNotReturn]
    public static T Throw<T>(int line, string message) =>
        throw new ChatTemplateException(ChatTemplateErrorKind.Syntax, Failure.Shorten($"chat template, line {line}: {message}"), line);
}
