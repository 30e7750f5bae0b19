using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>Finds a pattern's matches in a text, one after the other. Reused from text to text by one thread at a time.</summary>
public sealed class PatternSearch(TextPattern pattern)
{
    // A piece may cost so many steps a code point before the search remembers its choices.
    private const long QuickSteps = 64;
    private const long MostMemo = 1L << 26;

    private readonly PatternMachine _machine = new();
    private bool _isCareful;
    private int _next;
    private int _lastEnd;
    private int _start;
    private int _end;

    /// <summary>How many instructions have been carried out.</summary>
    public long Steps => _machine.Steps;

    /// <summary>Begins with a piece of a text, which to the pattern is all there is.</summary>
    public void Start(CodePoints text, int start, int end)
    {
        (_start, _end, _next, _lastEnd) = (start, end, start, -1);
        _isCareful = false;
        _machine.Begin(pattern.Quick, text, start, end, pattern.Quick.CanLoop ? 0 : QuickSteps * (end - start + 64L));
    }

    /// <summary>The next match. An empty one right behind a match does not count.</summary>
    /// <exception cref="TesseraException">The text is too long for a pattern with so many choices.</exception>
    public bool TryNext(out int matchStart, out int matchEnd)
    {
        for (int at = _next; at <= _end; at++)
        {
            int found = _machine.Run(at);
            if (found == PatternMachine.TooManySteps)
            {
                BeCareful();
                found = _machine.Run(at);
            }
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
        if (_isCareful)
            throw new InvalidOperationException("A careful search has no limit of steps.");
        _isCareful = true;
        long memo = pattern.Careful.Splits * (_end - _start + 1L);
        if (memo > MostMemo)
            throw new TesseraException($"{pattern.Where}: a pattern with {pattern.Careful.Splits} choices is too much for a text of {_end - _start} code points");
        _machine.BeginCarefully(pattern.Careful, (int)memo);
    }
}
