using Tessera.Tokenizer.Hf.Normalizers;

namespace Tessera.Tokenizer.Hf;

/// <summary>Finds where positions of a text are once it is normalized: a mark goes to each place before, and is looked for afterwards.</summary>
internal sealed class BreakMap
{
    // A noncharacter: no text means anything by it.
    private const char Mark = '\uFDD1';

    private readonly TextBuffer _marked = new();
    private readonly TextBuffer _plain = new();
    private int[] _breaks = [];

    /// <summary>Maps the breaks inside a part of a text; false where the normalizer does not let marks through, so that nobody can say.</summary>
    /// <param name="text">The part.</param>
    /// <param name="offset">Where it starts in the whole text.</param>
    /// <param name="breaks">Ascending positions in the whole text.</param>
    /// <param name="normalizer">The normalizer, or null.</param>
    /// <param name="mapped">Ascending positions in the normalized part.</param>
    public bool TryMap(ReadOnlySpan<char> text, int offset, ReadOnlySpan<int> breaks, Normalizer? normalizer, out ReadOnlySpan<int> mapped)
    {
        int first = breaks.BinarySearch(offset + 1), last = breaks.BinarySearch(offset + text.Length);
        breaks = breaks[(first < 0 ? ~first : first)..Math.Max(first < 0 ? ~first : first, last < 0 ? ~last : last)];
        if (_breaks.Length < breaks.Length)
            _breaks = new int[breaks.Length];
        mapped = _breaks.AsSpan(0, breaks.Length);
        if (breaks.IsEmpty)
            return true;
        if (normalizer is null)
        {
            for (int i = 0; i < breaks.Length; i++)
                _breaks[i] = breaks[i] - offset;
            return true;
        }
        if (text.Contains(Mark))
            return false;
        WriteMarked(text, offset, breaks);
        normalizer.Apply(_marked);
        _plain.Set(text);
        normalizer.Apply(_plain);
        return ReadMarked(breaks.Length);
    }

    private void WriteMarked(ReadOnlySpan<char> text, int offset, ReadOnlySpan<int> breaks)
    {
        char[] marked = new char[text.Length + breaks.Length];
        int at = 0, written = 0;
        foreach (int place in breaks)
        {
            text[at..(place - offset)].CopyTo(marked.AsSpan(written));
            written += place - offset - at;
            marked[written++] = Mark;
            at = place - offset;
        }
        text[at..].CopyTo(marked.AsSpan(written));
        _marked.Set(marked);
    }

    private bool ReadMarked(int count)
    {
        ReadOnlySpan<char> marked = _marked.Text, plain = _plain.Text;
        int at = 0, found = 0;
        foreach (char unit in marked)
        {
            if (unit == Mark)
            {
                if (found == count)
                    return false;
                _breaks[found++] = at;
            }
            else if (at == plain.Length || plain[at++] != unit)
                return false;
        }
        return found == count && at == plain.Length;
    }
}
