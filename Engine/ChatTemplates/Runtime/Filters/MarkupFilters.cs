using System.Net;
using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Runtime.Values;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>Filters that write or remove HTML, and addresses.</summary>
internal static class MarkupFilters
{
    public static readonly Native[] All =
    [
        new("escape", "", Escape),
        new("e", "", Escape),
        new("forceescape", "", Escape),
        new("striptags", "", StripTags),
        new("xmlattr", "autospace", XmlAttributes),
        new("urlencode", "", UrlEncode),
        new("urlize", Urlize.Parameters, Urlize.Apply),
    ];

    private static string Escape(RenderState state, object? value, Arguments arguments)
    {
        StringBuilder result = new();
        Escape(state, TextForm.Of(state, value), result);
        return result.ToString();
    }

    /// <summary>Appends a text with the characters that mean something in HTML replaced.</summary>
    public static void Escape(RenderState state, string text, StringBuilder result)
    {
        foreach (char c in text)
        {
            ReadOnlySpan<char> piece = c switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&#34;", '\'' => "&#39;", _ => [c] };
            StringMethods.Append(state, result, piece);
        }
    }

    // Comments first: a tag inside of one would end it early.
    private static string StripTags(RenderState state, object? value, Arguments arguments)
    {
        string text = Without(state, Without(state, TextForm.Of(state, value), "<!--", "-->"), "<", ">");
        object? words = MethodTable.Find("", "split")!.Invoke(state, text, Arguments.None);
        return WebUtility.HtmlDecode(StringMethods.Join(state, " ", words));
    }

    /// <summary>A text without what stands from one mark to the next of the other, which may begin inside the first.</summary>
    private static string Without(RenderState state, string text, string open, string close)
    {
        state.Budget.Scan(text.Length);
        StringBuilder result = new();
        for (int at = 0; at < text.Length;)
        {
            int start = text.IndexOf(open, at, StringComparison.Ordinal);
            int end = start < 0 ? -1 : text.IndexOf(close, start, StringComparison.Ordinal);
            StringMethods.Append(state, result, text.AsSpan(at, (end < 0 ? text.Length : start) - at));
            at = end < 0 ? text.Length : end + close.Length;
        }
        return result.ToString();
    }

    /// <summary>A dict as attributes of a tag, less those that are none or undefined; a space in front where there are any, unless it is not wanted.</summary>
    private static string XmlAttributes(RenderState state, object? value, Arguments arguments)
    {
        if (value is not DictValue dict)
            return Failure.Throw<string>($"xmlattr needs a dict, not '{TypeNames.Of(value)}'");
        StringBuilder result = new();
        foreach ((object? key, object? item) in dict.Items)
        {
            if (item is null or UndefinedValue)
                continue;
            if (key is not string name || name.AsSpan().ContainsAny(Lexer.Spaces + "/>="))
                return Failure.Throw<string>("xmlattr: a name must be a string without spaces, '/', '>' and '='");
            if (result.Length > 0 || arguments.Flag(0, true, state))
                StringMethods.Append(state, result, " ");
            Escape(state, name, result);
            StringMethods.Append(state, result, "=\"");
            Escape(state, TextForm.Of(state, item), result);
            StringMethods.Append(state, result, "\"");
        }
        return result.ToString();
    }

    /// <summary>A text, or pairs as the query of an address.</summary>
    private static string UrlEncode(RenderState state, object? value, Arguments arguments)
    {
        StringBuilder result = new();
        if (value is not DictValue && (value is string || !Iteration.IsIterable(value)))
        {
            Quote(state, value, isQuery: false, result);
            return result.ToString();
        }
        object? pairs = value is DictValue dict ? new DictView(dict, DictViewKind.Items) : value;
        foreach (object? pair in Iteration.Of(state, pairs))
        {
            List<object?> both = Iteration.ToList(state, pair);
            if (both.Count != 2)
                return Failure.Throw<string>($"urlencode needs pairs, found {both.Count} items");
            if (result.Length > 0)
                StringMethods.Append(state, result, "&");
            Quote(state, both[0], isQuery: true, result);
            StringMethods.Append(state, result, "=");
            Quote(state, both[1], isQuery: true, result);
        }
        return result.ToString();
    }

    private static void Quote(RenderState state, object? value, bool isQuery, StringBuilder result)
    {
        string text = TextForm.Of(state, value);
        state.Budget.Chars(text.Length);
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            bool isPlain = char.IsAsciiLetterOrDigit((char)b) || "_.-~".Contains((char)b) || (b == '/' && !isQuery);
            StringMethods.Append(state, result, isPlain ? [(char)b] : isQuery && b == ' ' ? "+" : $"%{b:X2}");
        }
    }
}
