using System.Text;

namespace Tessera.Engine.ChatTemplates;

/// <summary>The text of a prompt, and where no control token may lie across.</summary>
/// <param name="Text">The rendered prompt.</param>
/// <param name="SpecialBreaks">Ascending positions in the text (UTF-16 units) for <see cref="EncodeOptions.SpecialBreaks"/>.</param>
public sealed record ChatPrompt(string Text, int[] SpecialBreaks)
{
    // A noncharacter: Unicode promises that no text means anything by it.
    internal const char Sentinel = '\ufdd0';

    /// <summary>Renders a conversation; with escapeSpecialTokens, spellings of control tokens inside the messages stay text.</summary>
    /// <remarks>
    /// <para>Every string below the messages counts, keys too; values of "role" and "type" do not, as long as they are plain names (letters, digits, '_', '-').
    /// A mark (U+FDD0, first removed from all input) goes behind the first UTF-16 unit of each occurrence, also of overlapping ones; after rendering the marks are
    /// removed, and where they stood are the breaks. So what the template itself writes still becomes control tokens.</para>
    /// <para>Not covered: a spelling of a single UTF-16 unit, which has no inside for a break; a spelling that the template joins from several texts.
    /// A template that looks for such a spelling inside a message (to cut at it, say) does not find it.</para>
    /// </remarks>
    public static ChatPrompt Render(ChatTemplate template, ChatTemplateInput input, bool escapeSpecialTokens, IEnumerable<string> controlTokenSpellings)
    {
        ArgumentNullException.ThrowIfNull(template);
        ArgumentNullException.ThrowIfNull(controlTokenSpellings);
        if (!escapeSpecialTokens)
            return new ChatPrompt(template.Render(input), []);
        string marked = template.Render(input, new Escape(new SpellingSearch(controlTokenSpellings)), Sentinel);
        return RemoveMarks(marked);
    }

    private static ChatPrompt RemoveMarks(string marked)
    {
        if (!marked.Contains(Sentinel))
            return new ChatPrompt(marked, []);
        StringBuilder text = new(marked.Length);
        List<int> breaks = [];
        for (int at = 0; at < marked.Length;)
        {
            int mark = marked.IndexOf(Sentinel, at);
            int end = mark < 0 ? marked.Length : mark;
            text.Append(marked, at, end - at);
            if (mark >= 0 && (breaks.Count == 0 || breaks[^1] != text.Length))
                breaks.Add(text.Length);
            at = mark < 0 ? end : mark + 1;
        }

        return new ChatPrompt(text.ToString(), [.. breaks]);
    }

    private sealed class Escape(SpellingSearch spellings) : InputTransform
    {
        public override string Message(string text, string? under) =>
            under is "role" or "type" && IsPlainName(text) ? text : Mark(Other(text));

        public override string Other(string text) =>
            text.Contains(Sentinel) ? text.Replace(Sentinel.ToString(), "", StringComparison.Ordinal) : text;

        private static bool IsPlainName(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

        private string Mark(string text)
        {
            StringBuilder? marked = null;
            int copied = 0;
            for (int at = spellings.Find(text, 0); at >= 0; at = spellings.Find(text, at + 1))
            {
                marked ??= new StringBuilder(text.Length + 16);
                marked.Append(text, copied, at + 1 - copied).Append(Sentinel);
                copied = at + 1;
            }

            return marked is null ? text : marked.Append(text, copied, text.Length - copied).ToString();
        }
    }
}
