using Tessera.Engine.ChatTemplates.Runtime;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates;

/// <summary>A model's chat template: Jinja as Hugging Face transformers sets it up. Immutable, so any number of threads may render it.</summary>
/// <remarks>
/// https://jinja.palletsprojects.com/en/stable/templates/ in an immutable sandbox, with trim_blocks, lstrip_blocks, loop controls, <c>generation</c> tags,
/// <c>raise_exception</c> and <c>strftime_now</c>. Prompts are not HTML: <c>safe</c> and <c>escape</c> return plain strings. Other templates cannot be included.
/// </remarks>
public sealed class ChatTemplate
{
    private readonly Template _template;
    private readonly ChatTemplateLimits _limits;

    private ChatTemplate(string source, Template template, ChatTemplateLimits limits)
    {
        Source = source;
        _template = template;
        _limits = limits;
    }

    /// <summary>The text that it was parsed from.</summary>
    public string Source { get; }

    /// <summary>Parses a template; throws a <see cref="ChatTemplateException"/> that names the line and what is wrong.</summary>
    public static ChatTemplate Parse(string source, ChatTemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        limits ??= ChatTemplateLimits.Default;
        if (source.Length > limits.MaxSourceChars)
            Failure.Limit($"chat template: {source.Length} characters, at most {limits.MaxSourceChars} are allowed (MaxSourceChars)");
        return new ChatTemplate(source, Parser.Parse(source, limits.MaxDepth), limits);
    }

    /// <summary>Renders a conversation; throws a <see cref="ChatTemplateException"/> when the template refuses it, fails, or goes beyond a limit.</summary>
    public string Render(ChatTemplateInput input) => Render(input, null, null);

    /// <summary>Renders with changed strings; mark is a character that filters then leave as it is.</summary>
    internal string Render(ChatTemplateInput input, InputTransform? transform, char? mark)
    {
        ArgumentNullException.ThrowIfNull(input);
        RenderState state = new(_limits, input.Now, mark);
        try
        {
            new Interpreter(state, _template.Blocks).Run(_template.Body, Variables(state, input, transform));
            return state.Output.ToString();
        }
        catch (ChatTemplateException e) when (e.Line is null)
        {
            throw new ChatTemplateException(e.Kind, $"chat template, line {state.Line}: {e.Message}", state.Line);
        }
    }

    private static Scope Variables(RenderState state, ChatTemplateInput input, InputTransform? transform)
    {
        JsonInput messages = new(state, transform is null ? null : transform.Message);
        JsonInput others = new(state, transform is null ? null : (text, _) => transform.Other(text));
        Scope scope = new(null);
        scope.Set("messages", messages.Read(input.Messages));
        scope.Set("tools", others.Read(input.Tools));
        scope.Set("documents", others.Read(input.Documents));
        scope.Set("add_generation_prompt", input.AddGenerationPrompt);
        scope.Set("bos_token", input.BosToken);
        scope.Set("eos_token", input.EosToken);
        if (others.Read(input.Variables) is Runtime.Values.DictValue variables)
            foreach ((object? name, object? value) in variables.Items)
                scope.Set((string)name!, value);
        return scope;
    }
}

/// <summary>What happens to the input's strings before a template sees them.</summary>
internal abstract class InputTransform
{
    /// <summary>A string below the messages, and the key that it stands under; null where it is a key itself.</summary>
    public abstract string Message(string text, string? under);

    /// <summary>Any other string.</summary>
    public abstract string Other(string text);
}
