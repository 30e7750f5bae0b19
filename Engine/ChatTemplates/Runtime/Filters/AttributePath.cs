using System.Globalization;
using Tessera.Engine.ChatTemplates.Runtime.Values;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>An attribute argument of a filter: "a.b.0" looks up each part in turn.</summary>
internal sealed class AttributePath(RenderState state, object? path)
{
    private readonly object?[] _parts = Split(state, path);

    public object? Of(object? value, object? fallback = null)
    {
        foreach (object? part in _parts)
        {
            state.Budget.Step();
            value = Access.Item(state, value, part);
            if (value is UndefinedValue && fallback is not null)
                value = fallback;
        }

        return value;
    }

    private static object?[] Split(RenderState state, object? path)
    {
        if (path is null)
            return [];
        if (path is not string text)
            return Numbers.IsInteger(path) ? [path] : Failure.Throw<object?[]>($"an attribute must be a string or an integer, not '{TypeNames.Of(path)}'");
        state.Budget.Chars(text.Length);
        state.Budget.Items(text.AsSpan().Count('.') + 1);
        return [.. text.Split('.').Select(part => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index) ? index : (object)part)];
    }
}
