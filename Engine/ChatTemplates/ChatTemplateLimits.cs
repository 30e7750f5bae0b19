namespace Tessera.Engine.ChatTemplates;

/// <summary>What one template may cost; going beyond any of them ends in a <see cref="ChatTemplateException"/> of kind Limit.</summary>
public sealed record ChatTemplateLimits
{
    /// <summary>The limits that are used where none are given.</summary>
    public static ChatTemplateLimits Default { get; } = new();

    /// <summary>Steps of one rendering: about one per evaluated expression, produced item, or 32 characters worked on.</summary>
    public long MaxSteps { get; init; } = 20_000_000;

    /// <summary>Characters (UTF-16 units) of the rendered text, and of any single string on the way to it.</summary>
    public int MaxOutputChars { get; init; } = 16 << 20;

    /// <summary>Nesting of the source's tags and expressions, of calls while rendering, and of JSON values.</summary>
    public int MaxDepth { get; init; } = 400;

    /// <summary>Characters (UTF-16 units) of a template's source.</summary>
    public int MaxSourceChars { get; init; } = 1 << 20;

    /// <summary>Bytes of all strings and lists that one rendering creates, beyond 32 times the size of its input.</summary>
    public long MaxAllocatedBytes { get; init; } = 256L << 20;
}
