namespace Tessera.Tokenizers.Common.Patterns;

/// <summary>Turns a parsed pattern into instructions.</summary>
internal sealed class PatternCompiler
{
    private const int MostSteps = 20_000;

    private readonly List<PatternStep> _steps = [];
    private readonly string _where;
    private readonly bool _useRuns;
    private int _splits;
    private bool _canLoop;

    private PatternCompiler(string where, bool useRuns) => (_where, _useRuns) = (where, useRuns);

    /// <summary>Compiles a pattern.</summary>
    /// <param name="node">The pattern.</param>
    /// <param name="where">What it belongs to, for error texts.</param>
    /// <param name="useRuns">Whether repeated sets become single instructions; else every choice is a split.</param>
    public static PatternProgram Compile(PatternNode node, string where, bool useRuns)
    {
        PatternCompiler compiler = new(where, useRuns);
        compiler.Emit(node);
        compiler.Add(new PatternStep(PatternCode.Match));
        return new PatternProgram([.. compiler._steps], compiler._splits, compiler._canLoop);
    }

    private int Add(PatternStep step)
    {
        if (_steps.Count >= MostSteps)
            throw new UnsupportedModelException($"{_where}: the pattern takes more than {MostSteps} steps, which is not supported");
        _steps.Add(step);
        return _steps.Count - 1;
    }

    private void Emit(PatternNode node)
    {
        switch (node)
        {
            case PatternNode.One one:
                Add(new PatternStep(PatternCode.One, Set: one.Set));
                break;
            case PatternNode.Row row:
                foreach (PatternNode part in row.Parts)
                    Emit(part);
                break;
            case PatternNode.Either either:
                Either(either.Parts);
                break;
            case PatternNode.Repeat repeat:
                Repeat(repeat);
                break;
            case PatternNode.Place place:
                Add(new PatternStep(PatternCode.Place, (int)place.Kind));
                break;
            case PatternNode.Atomic atomic:
                Part(new PatternStep(PatternCode.Atomic), atomic.Part);
                break;
            case PatternNode.Look look:
                Part(new PatternStep(PatternCode.Look, B: look.Negative ? 1 : 0, C: look.Behind ? look.Part.Length.Least : 0), look.Part);
                break;
        }
    }

    private void Part(PatternStep step, PatternNode part)
    {
        int at = Add(step);
        Emit(part);
        Add(new PatternStep(PatternCode.Match));
        _steps[at] = step with { A = _steps.Count };
    }

    private void Either(IReadOnlyList<PatternNode> parts)
    {
        List<int> jumps = [];
        for (int i = 0; i < parts.Count - 1; i++)
        {
            int split = Split();
            Emit(parts[i]);
            jumps.Add(Add(new PatternStep(PatternCode.Jump)));
            Aim(split, split + 1, _steps.Count, false);
        }
        Emit(parts[^1]);
        foreach (int jump in jumps)
            _steps[jump] = new PatternStep(PatternCode.Jump, _steps.Count);
    }

    private void Repeat(PatternNode.Repeat repeat)
    {
        if (_useRuns && !repeat.Lazy && repeat.Part is PatternNode.One one)
        {
            Add(new PatternStep(PatternCode.Run, repeat.Least, repeat.Most, Set: one.Set));
            return;
        }
        for (int i = 0; i < repeat.Least; i++)
            Emit(repeat.Part);
        if (repeat.Most == int.MaxValue)
        {
            int split = Split();
            Emit(repeat.Part);
            Add(new PatternStep(PatternCode.Jump, split));
            Aim(split, split + 1, _steps.Count, repeat.Lazy);
            _canLoop |= repeat.Part.Length.Least == 0;
            return;
        }
        List<int> splits = [];
        for (int i = repeat.Least; i < repeat.Most; i++)
        {
            splits.Add(Split());
            Emit(repeat.Part);
        }
        foreach (int split in splits)
            Aim(split, split + 1, _steps.Count, repeat.Lazy);
    }

    private int Split() => Add(new PatternStep(PatternCode.Split, C: _splits++));

    private void Aim(int split, int inside, int outside, bool lazy) =>
        _steps[split] = _steps[split] with { A = lazy ? outside : inside, B = lazy ? inside : outside };
}
