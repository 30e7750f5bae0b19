using System.Text;
using Tessera.Tokenizers.Common.Patterns;
using Tessera.Tokenizers.Common.Splitting;
using Tessera.Tokenizers.Common.Vocabularies;

namespace Tessera.Tokenizer.Hf.Normalizers;

/// <summary>A text in front, unless there is none to stand in front of.</summary>
internal sealed class Prepend(string prefix) : Normalizer
{
    public override void Apply(TextBuffer text)
    {
        if (text.Text.IsEmpty)
            return;
        text.Write(prefix);
        text.Write(text.Text);
        text.Commit();
    }
}

/// <summary>Leaves out white space at the ends.</summary>
internal sealed class Strip(bool left, bool right) : Normalizer
{
    public override void Apply(TextBuffer text)
    {
        ReadOnlySpan<char> all = text.Text;
        int start = left ? all.Length - all.TrimStart().Length : 0;
        int end = right ? start + all[start..].TrimEnd().Length : all.Length;
        text.Trim(start, end);
    }
}

/// <summary>One text for another.</summary>
internal sealed class ReplaceText(string old, string content) : Normalizer
{
    public override void Apply(TextBuffer text)
    {
        ReadOnlySpan<char> rest = text.Text;
        for (int at = rest.IndexOf(old); ; at = rest.IndexOf(old))
        {
            text.Write(at < 0 ? rest : rest[..at]);
            if (at < 0)
                break;
            if (content.Length == 0)
                text.Skip();
            text.Write(content);
            rest = rest[(at + old.Length)..];
        }
        text.Commit();
    }
}

/// <summary>A text for each match of a pattern.</summary>
internal sealed class ReplacePattern(TextPattern pattern, string content) : Normalizer
{
    private readonly Spare<Work> _spare = new(() => new Work(pattern));

    public override void Apply(TextBuffer text)
    {
        Work work = _spare.Rent();
        CodePoints points = work.Points;
        points.Set(text.Text);
        work.Search.Start(points, 0, points.Length);
        int at = 0;
        while (work.Search.TryNext(out int start, out int end))
        {
            Copy(points, at, start, text);
            if (content.Length == 0)
                text.Skip();
            text.Write(content);
            at = end;
        }
        Copy(points, at, points.Length, text);
        text.Commit();
        if (points.Capacity <= 1 << 16)
            _spare.Return(work);
    }

    private static void Copy(CodePoints points, int start, int end, TextBuffer text)
    {
        for (int i = start; i < end; i++)
            text.Write(new Rune(points[i]));
    }

    private sealed class Work(TextPattern pattern)
    {
        public CodePoints Points { get; } = new();
        public PatternSearch Search { get; } = new(pattern);
    }
}

/// <summary>Each byte becomes its character in GPT-2's alphabet.</summary>
internal sealed class ByteLevel : Normalizer
{
    private readonly ByteAlphabet _alphabet = new();

    public override void Apply(TextBuffer text)
    {
        Span<byte> bytes = stackalloc byte[4];
        ReadOnlySpan<char> rest = text.Text;
        while (!rest.IsEmpty)
        {
            Rune.DecodeFromUtf16(rest, out Rune rune, out int used);
            rest = rest[used..];
            foreach (byte value in bytes[..rune.EncodeToUtf8(bytes)])
                text.Write(_alphabet.Letter(value));
        }
        text.Commit();
    }
}
