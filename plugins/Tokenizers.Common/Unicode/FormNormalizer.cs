using System.Buffers;
using System.Text;

namespace Tessera.Tokenizers.Common.Unicode;

/// <summary>Brings text into a normalization form, by tables of its own: the runtime does not in invariant mode. One thread at a time.</summary>
public sealed class FormNormalizer(UnicodeForm form)
{
    private readonly FormTables _tables = FormTables.Instance;
    private readonly bool _compose = (form & UnicodeForm.Nfc) != 0;
    private readonly bool _compatible = (form & UnicodeForm.Nfkd) != 0;
    private int[] _points = new int[32];
    private ulong[] _keys = new ulong[32];
    private int _count;

    /// <summary>Where the first code point stands that may change; the length where none does.</summary>
    public int FirstActive(ReadOnlySpan<char> text)
    {
        int at = 0;
        while (at < text.Length)
        {
            int ascii = text[at..].IndexOfAnyExceptInRange('\0', '\x7F');
            if (ascii < 0)
                return text.Length;
            at += ascii;
            if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out int used) != OperationStatus.Done || _tables.IsActive(rune.Value, form))
                return at;
            at += used;
        }
        return at;
    }

    /// <summary>Writes the text in its form; unpaired surrogates become U+FFFD.</summary>
    public void Normalize(ReadOnlySpan<char> text, IBufferWriter<char> destination)
    {
        while (!text.IsEmpty)
        {
            int active = FirstActive(text);
            // The code point before may compose with what follows.
            int start = active == text.Length || active == 0 ? active : active - (char.IsLowSurrogate(text[active - 1]) ? 2 : 1);
            destination.Write(text[..start]);
            text = text[start..];
            if (text.IsEmpty)
                return;
            _count = 0;
            int end = 0;
            do
            {
                Rune.DecodeFromUtf16(text[end..], out Rune rune, out int used);
                Decompose(rune.Value);
                end += used;
            }
            while (end < text.Length && IsActive(text[end..]));
            Reorder();
            if (_compose)
                Compose();
            Write(destination);
            text = text[end..];
        }
    }

    private bool IsActive(ReadOnlySpan<char> text)
    {
        Rune.DecodeFromUtf16(text, out Rune rune, out _);
        return _tables.IsActive(rune.Value, form);
    }

    private void Decompose(int point)
    {
        int syllable = point - FormTables.FirstSyllable;
        if ((uint)syllable < FormTables.Syllables)
        {
            Add(FormTables.FirstLead + syllable / (21 * 28));
            Add(FormTables.FirstVowel + syllable / 28 % 21);
            if (syllable % 28 != 0)
                Add(FormTables.BeforeTrail + syllable % 28);
            return;
        }
        ReadOnlySpan<int> parts = _tables.Decomposition(point, _compatible);
        if (parts.IsEmpty)
            Add(point);
        foreach (int part in parts)
            Add(part);
    }

    private void Add(int point)
    {
        if (_count == _points.Length)
        {
            Array.Resize(ref _points, _count * 2);
            Array.Resize(ref _keys, _count * 2);
        }
        _points[_count++] = point;
    }

    // A run of marks is sorted by class, marks of one class stay in order.
    private void Reorder()
    {
        for (int start = 0; start < _count;)
        {
            if (_tables.Class(_points[start]) == 0)
            {
                start++;
                continue;
            }
            int end = start;
            bool sorted = true;
            ulong before = 0;
            for (int value; end < _count && (value = _tables.Class(_points[end])) != 0; end++)
            {
                _keys[end] = (ulong)value << 53 | (ulong)(uint)end << 21 | (uint)_points[end];
                sorted &= before <= _keys[end];
                before = _keys[end];
            }
            if (!sorted)
            {
                Array.Sort(_keys, start, end - start);
                for (int i = start; i < end; i++)
                    _points[i] = (int)(_keys[i] & 0x1F_FFFF);
            }
            start = end;
        }
    }

    private void Compose()
    {
        int length = 0, starter = -1, lastClass = 0;
        for (int i = 0; i < _count; i++)
        {
            int point = _points[i];
            int value = _tables.Class(point);
            bool blocked = starter >= 0 && starter + 1 < length && (lastClass == 0 || lastClass >= value);
            int composed = starter >= 0 && !blocked ? _tables.Compose(_points[starter], point) : -1;
            if (composed >= 0)
            {
                _points[starter] = composed;
                continue;
            }
            if (value == 0)
                starter = length;
            lastClass = value;
            _points[length++] = point;
        }
        _count = length;
    }

    private void Write(IBufferWriter<char> destination)
    {
        Span<char> units = destination.GetSpan(2 * _count);
        int written = 0;
        for (int i = 0; i < _count; i++)
            written += new Rune(_points[i]).EncodeToUtf16(units[written..]);
        destination.Advance(written);
        if (_count > 1 << 16)
            (_points, _keys) = (new int[32], new ulong[32]);
    }
}
