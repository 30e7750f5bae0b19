using System.Buffers;
using System.Text;
using Tessera.Tokenizers.Common;

namespace Tessera.Tokenizer.Hf.Normalizers;

/// <summary>A text that normalizers rewrite one after the other: each reads <see cref="Text"/>, writes the new one, and commits it.</summary>
internal sealed class TextBuffer : IBufferWriter<char>
{
    // More than any form or map of real models makes of a text.
    private const long MostGrowth = 256;
    private const long Slack = 1 << 16;

    private char[] _text = new char[256];
    private char[] _next = new char[256];
    private int _length;
    private int _written;
    private long _limit;

    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Whether what stood at the head of the original text is gone, so that the new head is not its beginning.</summary>
    public bool LostHead { get; set; }

    public int Capacity => _text.Length;

    public void Set(ReadOnlySpan<char> text)
    {
        LostHead = false;
        _limit = MostGrowth * text.Length + Slack;
        if (_text.Length < text.Length)
            _text = new char[text.Length];
        text.CopyTo(_text);
        (_length, _written) = (text.Length, 0);
    }

    public void Write(char unit)
    {
        Reserve(1);
        _next[_written++] = unit;
    }

    public void Write(Rune rune)
    {
        Reserve(2);
        _written += rune.EncodeToUtf16(_next.AsSpan(_written));
    }

    public void Write(ReadOnlySpan<char> units)
    {
        Reserve(units.Length);
        units.CopyTo(_next.AsSpan(_written));
        _written += units.Length;
    }

    /// <summary>Notes that a part of the text is left out.</summary>
    public void Skip() => LostHead |= _written == 0;

    /// <summary>The new text takes the place of the old.</summary>
    public void Commit()
    {
        (_text, _next) = (_next, _text);
        (_length, _written) = (_written, 0);
    }

    /// <summary>Cuts the text at both ends.</summary>
    public void Trim(int start, int end)
    {
        LostHead |= start > 0;
        Text[start..end].CopyTo(_text);
        _length = end - start;
    }

    public void Advance(int count) => _written += count;

    public Memory<char> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _next.AsMemory(_written);
    }

    public Span<char> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void Reserve(int more)
    {
        StepCounter.Add(more);
        if (_written + (long)more > Math.Min(_limit, Array.MaxLength))
            throw new TesseraException($"tokenizer.json: normalizer: a text becomes more than {MostGrowth} times as long, which is not supported");
        if (_written + (long)more > _next.Length)
            Array.Resize(ref _next, checked((int)Math.Max(_written + (long)more, Math.Min(_next.Length * 2L, Array.MaxLength))));
    }
}
