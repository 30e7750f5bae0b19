using Tessera.Tokenizers.Common.Splitting;

namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>Carries out a pattern's instructions at one place of a text. Recursion goes as deep as the pattern's look-arounds nest, never with the text.</summary>
internal sealed class PatternMachine
{
    public const int None = -1;
    public const int TooManySteps = -2;

    // Memo: 0 nothing is known, 1 this choice at this place fails (or is being tried), else 2 + where its match ends.
    private const int Fails = 1, Ends = 2;

    private PatternProgram _program = null!;
    private CodePoints _text = null!;
    private int _start, _end;
    private long _limit;
    private int[]? _memo;
    private Choice[] _choices = new Choice[32];
    private int _count;
    private readonly List<(int Memo, int Depth)> _trail = [];

    public long Steps { get; private set; }

    public void Begin(PatternProgram program, CodePoints text, int start, int end, long steps)
    {
        (_program, _text, _start, _end, _memo) = (program, text, start, end, null);
        _limit = Steps + steps;
        _count = 0;
        _trail.Clear();
    }

    public void BeginCarefully(PatternProgram program, int memo, long steps)
    {
        (_program, _memo, _limit) = (program, new int[memo], Steps + steps);
        _count = 0;
        _trail.Clear();
    }

    /// <summary>Where the match at a place ends, or one of the negative constants.</summary>
    public int Run(int at) => Run(0, at);

    private int Run(int step, int at)
    {
        int bottom = _count, trail = _trail.Count;
        PatternStep[] steps = _program.Steps;
        while (true)
        {
            StepCounter.Add();
            if (++Steps > _limit)
                return TooManySteps;
            PatternStep s = steps[step];
            bool ok = true;
            switch (s.Code)
            {
                case PatternCode.One:
                    ok = at < _end && s.Set!.Has(_text[at]);
                    at++;
                    break;
                case PatternCode.Run:
                    ok = TakeRun(s, step, ref at);
                    break;
                case PatternCode.Jump:
                    step = s.A - 1;
                    break;
                case PatternCode.Split:
                    if (_memo is not null && Known(s.C, at) is not 0 and int known)
                    {
                        if (known >= Ends)
                            return Succeed(known - Ends, bottom, trail);
                        ok = false;
                        break;
                    }
                    Push(s.B, at, at);
                    step = s.A - 1;
                    break;
                case PatternCode.Place:
                    ok = IsPlace((PlaceKind)s.A, at);
                    break;
                case PatternCode.Look:
                    int look = at - s.C < _start ? None : Run(step + 1, at - s.C);
                    if (look == TooManySteps)
                        return look;
                    ok = look >= 0 == (s.B == 0);
                    step = s.A - 1;
                    break;
                case PatternCode.Atomic:
                    int part = Run(step + 1, at);
                    if (part == TooManySteps)
                        return part;
                    ok = part >= 0;
                    (step, at) = (s.A - 1, part);
                    break;
                case PatternCode.Match:
                    return Succeed(at, bottom, trail);
            }
            step++;
            if (ok)
                continue;
            if (_count == bottom)
            {
                _trail.RemoveRange(trail, _trail.Count - trail);
                return None;
            }
            (step, at) = Pop();
            // What was tried above this choice has failed for good.
            while (_trail.Count > trail && _trail[^1].Depth > _count)
                _trail.RemoveAt(_trail.Count - 1);
        }
    }

    private bool TakeRun(in PatternStep s, int step, ref int at)
    {
        int most = (int)Math.Min(_end, (long)at + s.B);
        int run = at;
        while (run < most && s.Set!.Has(_text[run]))
            run++;
        Steps += (run - at) >> 3;
        int least = at + s.A;
        if (run < least)
            return false;
        if (run > least)
            Push(step + 1, least, run - 1);
        at = run;
        return true;
    }

    private int Known(int split, int at)
    {
        int index = split * (_end - _start + 1) + at - _start;
        int known = _memo![index];
        if (known == 0)
        {
            _memo[index] = Fails;
            _trail.Add((index, _count));
        }
        return known;
    }

    private int Succeed(int end, int bottom, int trail)
    {
        if (_memo is not null)
        {
            for (int i = trail; i < _trail.Count; i++)
                _memo[_trail[i].Memo] = end + Ends;
            _trail.RemoveRange(trail, _trail.Count - trail);
        }
        _count = bottom;
        return end;
    }

    private void Push(int step, int least, int at)
    {
        if (_count == _choices.Length)
            Array.Resize(ref _choices, _count * 2);
        _choices[_count++] = new Choice(step, least, at);
    }

    // A choice of a run stands for all its lengths; it gives the longest that is left.
    private (int Step, int At) Pop()
    {
        ref Choice top = ref _choices[_count - 1];
        (int step, int at) = (top.Step, top.At);
        if (at > top.Least)
            top = top with { At = at - 1 };
        else
            _count--;
        return (step, at);
    }

    private bool IsPlace(PlaceKind kind, int at) => kind switch
    {
        PlaceKind.TextStart => at == _start,
        PlaceKind.TextEnd => at == _end,
        PlaceKind.LastLineEnd => at == _end || (at == _end - 1 && _text[at] == '\n'),
        PlaceKind.LineStart => at == _start || (_text[at - 1] == '\n' && at < _end),
        PlaceKind.LineEnd => at == _end || _text[at] == '\n',
        _ => (IsWord(at - 1) != IsWord(at)) == (kind == PlaceKind.WordEdge),
    };

    private bool IsWord(int at) => at >= _start && at < _end && WordSet.Has(_text[at]);

    private static PointSet WordSet { get; } = new(PointSets.WordAlone);

    private readonly record struct Choice(int Step, int Least, int At);
}
