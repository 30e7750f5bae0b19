namespace Tessera.Engine.ChatTemplates;

/// <summary>Why a chat template failed.</summary>
public enum ChatTemplateErrorKind
{
    /// <summary>The source is not a valid template.</summary>
    Syntax,

    /// <summary>The template itself refused the conversation: it called <c>raise_exception</c>.</summary>
    Raised,

    /// <summary>An operation failed while rendering: an unknown filter, a value of the wrong type, an undefined variable.</summary>
    Runtime,

    /// <summary>The template or its input went beyond a <see cref="ChatTemplateLimits"/>.</summary>
    Limit,
}

/// <summary>A chat template cannot be parsed or rendered.</summary>
/// <param name="kind">Why it failed.</param>
/// <param name="message">What went wrong; for <see cref="ChatTemplateErrorKind.Raised"/> exactly the template's own text.</param>
/// <param name="line">The template's line, counted from 1, where it is known.</param>
public sealed class ChatTemplateException(ChatTemplateErrorKind kind, string message, int? line = null) : TesseraException(message)
{
    /// <summary>Why it failed.</summary>
    public ChatTemplateErrorKind Kind { get; } = kind;

    /// <summary>The template's line, counted from 1, where it is known.</summary>
    public int? Line { get; } = line;
}
