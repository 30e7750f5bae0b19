using System.Text;

namespace Tessera.Tokenizers.Common.Splitting;

/// <summary>A text as code points with their classes. Reused from text to text.</summary>
public sealed class CodePoints
{
    private int[] _points = new int[256];
    private CharClass[] _classes = new CharClass[256];

    /// <summary>The number of code points.</summary>
    public int Length { get; private set; }

    /// <summary>The number of code points that there is memory for.</summary>
    public int Capacity => _points.Length;

    /// <summary>A code point.</summary>
    public int this[int index]
    {
        get
        {
            StepCounter.Add();
            return _points[index];
        }
    }

    /// <summary>Whether a code point is of one of some classes.</summary>
    public bool Is(int index, CharClass any)
    {
        StepCounter.Add();
        return (_classes[index] & any) != 0;
    }

    /// <summary>Takes a text in; unpaired surrogates become U+FFFD.</summary>
    public void Set(ReadOnlySpan<char> text)
    {
        if (_points.Length < text.Length)
        {
            int size = Math.Max(text.Length, (int)Math.Min(_points.Length * 2L, Array.MaxLength));
            _points = new int[size];
            _classes = new CharClass[size];
        }
        int count = 0;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf16(text, out Rune rune, out int used);
            _points[count] = rune.Value;
            _classes[count++] = CharClasses.Of(rune);
            text = text[used..];
        }
        Length = count;
    }

    /// <summary>Puts one code point in the place of another, class and all.</summary>
    public void Replace(int from, Rune to)
    {
        CharClass kind = CharClasses.Of(to);
        for (int i = 0; i < Length; i++)
            if (_points[i] == from)
                (_points[i], _classes[i]) = (to.Value, kind);
    }

    /// <summary>Puts the lower-case letter in the place of each upper-case one.</summary>
    public void Lower()
    {
        for (int i = 0; i < Length; i++)
        {
            if (!Is(i, CharClass.Upper))
                continue;
            Rune lower = Rune.ToLowerInvariant(new Rune(_points[i]));
            (_points[i], _classes[i]) = (lower.Value, CharClasses.Of(lower));
        }
    }

    /// <summary>Writes a range as UTF-8 and returns the length; at most four bytes a code point.</summary>
    public int WriteUtf8(int start, int end, Span<byte> destination)
    {
        int written = 0;
        for (int i = start; i < end; i++)
            written += _points[i] < 0x80 ? Ascii(destination, written, _points[i]) : new Rune(_points[i]).EncodeToUtf8(destination[written..]);
        return written;
    }

    /// <summary>Takes everything out.</summary>
    public void Clear() => Length = 0;

    /// <summary>Appends a code point, which is no surrogate.</summary>
    public void Add(int point)
    {
        Reserve(1);
        _points[Length] = point;
        _classes[Length++] = CharClasses.Of(new Rune(point));
    }

    /// <summary>Appends a range of another text.</summary>
    public void Add(CodePoints text, int start, int end)
    {
        Reserve(end - start);
        text._points.AsSpan(start, end - start).CopyTo(_points.AsSpan(Length));
        text._classes.AsSpan(start, end - start).CopyTo(_classes.AsSpan(Length));
        Length += end - start;
    }

    private void Reserve(int more)
    {
        if (Length + (long)more <= _points.Length)
            return;
        int size = checked((int)Math.Max(Length + (long)more, Math.Min(_points.Length * 2L, Array.MaxLength)));
        Array.Resize(ref _points, size);
        Array.Resize(ref _classes, size);
    }

    private static int Ascii(Span<byte> destination, int at, int value)
    {
        destination[at] = (byte)value;
        return 1;
    }
}
