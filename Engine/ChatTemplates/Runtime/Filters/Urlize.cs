using System.Text;
using Tessera.Engine.ChatTemplates.Runtime.Methods;
using Tessera.Engine.ChatTemplates.Runtime.Text;
using Tessera.Engine.ChatTemplates.Syntax;

namespace Tessera.Engine.ChatTemplates.Runtime.Filters;

/// <summary>The filter urlize: escapes a text and makes links of the addresses in it.</summary>
/// <remarks>https://jinja.palletsprojects.com/en/stable/templates/#jinja-filters.urlize; each word is looked at once.</remarks>
internal sealed class Urlize
{
    public const string Parameters = "trim_url_limit, nofollow, target, rel, extra_schemes";

    private const string MailTo = "mailto:", OpenAngle = "&lt;", CloseAngle = "&gt;";

    private readonly RenderState _state;
    private readonly StringBuilder _result = new();
    private readonly long? _limit;
    private readonly string _attributes;
    private readonly List<string> _schemes;

    private Urlize(RenderState state, Arguments arguments)
    {
        _state = state;
        _limit = arguments.Get(0, null) is null ? null : arguments.Int(0, 0, "urlize");
        StringBuilder attributes = new();
        Attribute(attributes, "rel", Relations(state, arguments));
        Attribute(attributes, "target", arguments.Flag(2, false, state) ? arguments.Text(2, "", state) : "");
        _attributes = attributes.ToString();
        _schemes = arguments.Get(4, null) is { } schemes ? [.. Iteration.ToList(state, schemes).Select(s => Scheme(state, s))] : [];
    }

    public static string Apply(RenderState state, object? value, Arguments arguments)
    {
        Urlize links = new(state, arguments);
        StringBuilder escaped = new();
        MarkupFilters.Escape(state, TextForm.Of(state, value), escaped);
        string text = escaped.ToString();
        state.Budget.Steps(text.Length / 4);
        for (int at = 0; at < text.Length;)
        {
            int word = at;
            while (word < text.Length && Lexer.Spaces.Contains(text[word]))
                word++;
            links.Write(text.AsSpan(at, word - at));
            int end = word;
            while (end < text.Length && !Lexer.Spaces.Contains(text[end]))
                end++;
            links.Word(text.AsSpan(word, end - word));
            at = end;
        }
        return links._result.ToString();
    }

    private static string Relations(RenderState state, Arguments arguments)
    {
        SortedSet<string> relations = new(StringComparer.Ordinal) { "noopener" };
        if (arguments.Flag(3, false, state))
            foreach (object? part in Iteration.ToList(state, MethodTable.Find("", "split")!.Invoke(state, arguments.String(3, "urlize"), Arguments.None)))
                relations.Add((string)part!);
        if (arguments.Flag(1, false, state))
            relations.Add("nofollow");
        return string.Join(' ', relations);
    }

    private static string Scheme(RenderState state, object? scheme) =>
        scheme is string text && AddressShapes.IsScheme(text) ? text : Failure.Throw<string>($"{TextForm.Repr(state, scheme)} is not a valid URI scheme prefix.");

    private void Attribute(StringBuilder attributes, string name, string value)
    {
        if (value.Length == 0)
            return;
        StringMethods.Append(_state, attributes, $" {name}=\"");
        MarkupFilters.Escape(_state, value, attributes);
        StringMethods.Append(_state, attributes, "\"");
    }

    /// <summary>Writes a word: what stands around the address, and the address as a link if it is one.</summary>
    private void Word(ReadOnlySpan<char> word)
    {
        int start = 0, end = word.Length;
        while (Opening(word[start..]) is > 0 and var size)
            start += size;
        while (Closing(word[start..end]) is > 0 and var size)
            end -= size;
        end = Balance(word, start, end, "(", ")");
        end = Balance(word, start, end, OpenAngle, CloseAngle);
        Write(word[..start]);
        Address(word[start..end]);
        Write(word[end..]);
    }

    private static int Opening(ReadOnlySpan<char> text) => text.StartsWith("(") ? 1 : text.StartsWith(OpenAngle) ? OpenAngle.Length : 0;

    private static int Closing(ReadOnlySpan<char> text) => text is [.., ')' or '.' or ','] ? 1 : text.EndsWith(CloseAngle) ? CloseAngle.Length : 0;

    /// <summary>Where the address ends when it keeps the closing brackets of those that it opens, with what stands before them.</summary>
    private static int Balance(ReadOnlySpan<char> word, int start, int end, string open, string close)
    {
        int opened = word[start..end].Count(open);
        if (opened <= word[start..end].Count(close))
            return end;
        for (; opened > 0 && word[end..].IndexOf(close) is >= 0 and var at; opened--)
            end += at + close.Length;
        return end;
    }

    private void Address(ReadOnlySpan<char> text)
    {
        if (AddressShapes.IsWeb(text))
            Link(text.StartsWith("https://") || text.StartsWith("http://") ? "" : "https://", text, _attributes, Trimmed(text));
        else if (text.StartsWith(MailTo) && AddressShapes.IsMail(text[MailTo.Length..]))
            Link("", text, "", text[MailTo.Length..]);
        else if (text.Contains('@') && text[0] != '@' && !text.Contains(':') && !text.StartsWith("www.") && AddressShapes.IsMail(text))
            Link(MailTo, text, "", text);
        else if (HasOwnScheme(text))
            Link("", text, _attributes, text);
        else
            Write(text);
    }

    private bool HasOwnScheme(ReadOnlySpan<char> text)
    {
        foreach (string scheme in _schemes)
        {
            _state.Budget.Steps(1 + (scheme.Length / 32));
            if (text.Length != scheme.Length && text.StartsWith(scheme))
                return true;
        }
        return false;
    }

    private string Trimmed(ReadOnlySpan<char> address)
    {
        string text = address.ToString();
        int length = CodePoints.Length(text);
        if (_limit is not { } limit || length <= limit)
            return text;
        return $"{text.AsSpan(0, CodePoints.UnitOf(text, (int)Math.Max(0, limit < 0 ? length + limit : limit)))}...";
    }

    private void Link(string before, ReadOnlySpan<char> address, string attributes, ReadOnlySpan<char> shown)
    {
        Write("<a href=\"");
        Write(before);
        Write(address);
        Write("\"");
        Write(attributes);
        Write(">");
        Write(shown);
        Write("</a>");
    }

    private void Write(ReadOnlySpan<char> text) => StringMethods.Append(_state, _result, text);
}
