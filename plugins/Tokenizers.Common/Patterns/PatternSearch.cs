using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>Finds a pattern's matches in a text, one after the other. Reused from text to text by one thread at a time.</summary>
public sealed class PatternSearch
{
    // A piece may cost so many steps a code point before the search remembers its choices.
    private const long QuickSteps = 64;
    private const long MostMemo = 1L << 26;

    // Even then a pattern with thousands of instructions may go through most of them at every place.
    private const long MostSteps = 2000;

    private readonly TextPattern _pattern;
    private readonly long _quickSteps;
    private readonly PatternMachine _machine = new();
    private CodePoints? _text;
    private bool _isCareful;
    private int _next;
    private int _lastEnd;
    private int _start;
    private int _end;

    /// <summary>A search for a pattern.</summary>
    public PatternSearch(TextPattern pattern) : this(pattern, QuickSteps) { }

    /// <summary>A search that is careful after so many steps a code point.</summary>
    internal PatternSearch(TextPattern pattern, long quickSteps) => (_pattern, _quickSteps) = (pattern, quickSteps);

    /// <summary>How many instructions have been carried out.</summary>
    public long Steps => _machine.Steps;

    /// <summary>Begins with a piece of a text, which to the pattern is all there is.</summary>
    public void Start(CodePoints text, int start, int end)
    {
        (_start, _end, _next, _lastEnd) = (start, end, start, -1);
        _isCareful = false;
        _text = text;
        _machine.Begin(_pattern.Quick, text, start, end, _pattern.Quick.CanLoop ? 0 : _quickSteps * (end - start + 64L));
    }

    /// <summary>The next match. An empty one right behind a match does not count.</summary>
    /// <exception cref="TesseraException">The text is too long for a pattern with so many choices, or the pattern too long for any text.</exception>
    public bool TryNext(out int matchStart, out int matchEnd)
    {
        PointSet? first = _pattern.First;
        for (int at = _next; at <= _end; at++)
        {
            if (first is not null)
            {
                while (at < _end && !first.Has(_text![at]))
                    at++;
                if (at == _end)
                    break;
            }
            int found = _machine.Run(at);
            if (found == PatternMachine.TooManySteps && !_isCareful)
            {
                BeCareful();
                found = _machine.Run(at);
            }
            if (found == PatternMachine.TooManySteps)
                throw new TesseraException($"{_pattern.Where}: the pattern takes more than {MostSteps} steps for each of a text's {_end - _start} code points");
            if (found < 0 || (found == at && found == _lastEnd))
                continue;
            (matchStart, matchEnd) = (at, found);
            _next = _lastEnd = found;
            return true;
        }
        (matchStart, matchEnd, _next) = (0, 0, _end + 1);
        return false;
    }

    private void BeCareful()
    {
        _isCareful = true;
        long memo = _pattern.Careful.Splits * (_end - _start + 1L);
        if (memo > MostMemo)
            throw new TesseraException($"{_pattern.Where}: a pattern with {_pattern.Careful.Splits} choices is too much for a text of {_end - _start} code points");
        _machine.BeginCarefully(_pattern.Careful, (int)memo, MostSteps * (_end - _start + 64L));
    }
}
