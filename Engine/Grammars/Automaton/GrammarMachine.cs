using Tessera.Engine.Grammars.Vocabulary;

namespace Tessera.Engine.Grammars.Automaton;

/// <summary>Follows one grammar. States, the ways between them and their masks are found once and remembered, within bounds: when they are full all is forgotten, and found again where it is still needed. Used by one thread at a time.</summary>
internal sealed class GrammarMachine
{
    // What objects take beside their arrays, roughly.
    private const int StateBytes = 96, StackBytes = 96;

    private readonly GrammarAutomaton _automaton;
    private readonly long _memory;
    private readonly HashSet<GrammarState> _states = new(new GrammarState.Comparer());
    private readonly Dictionary<(int Node, long Below), ReturnStack> _stacks = [];
    private readonly List<GrammarState?[]> _next = [];
    private readonly List<TokenMask?> _masks = [];
    private readonly Stack<GrammarThread> _open = [];
    private readonly ThreadSet _seen = new();
    private readonly List<GrammarThread> _found = [];
    private GrammarState? _start;
    private bool _mayEnd;
    private long _bytes, _stackId;
    private long _work = GrammarLimits.FirstWork;

    /// <param name="automaton">The grammar.</param>
    /// <param name="memory">Bytes that it may remember.</param>
    public GrammarMachine(GrammarAutomaton automaton, long memory = GrammarLimits.Memory) => (_automaton, _memory) = (automaton, memory);

    /// <summary>How often everything was forgotten.</summary>
    public int Era { get; private set; }

    /// <summary>States that are remembered.</summary>
    public int StateCount => _next.Count;

    /// <summary>Work that is left.</summary>
    public long Work { get => _work; set => _work = value; }

    /// <summary>Where a text begins.</summary>
    /// <exception cref="GrammarCostException">The grammar is too ambiguous.</exception>
    public GrammarState Start => _start ??= Begin();

    /// <summary>Allows the work of a beginning, whatever others that follow the grammar have used up.</summary>
    public void AllowStart() => _work = GrammarLimits.FirstWork;

    /// <summary>Allows work for one more token.</summary>
    public void AllowToken() => _work = Math.Min(GrammarLimits.FirstWork, _work + GrammarLimits.WorkPerToken);

    /// <summary>Where a text is after one more byte; dead where the byte is not allowed.</summary>
    /// <exception cref="GrammarCostException">The grammar is too ambiguous.</exception>
    public GrammarState After(GrammarState state, byte value)
    {
        int kind = _automaton.ClassOf(value);
        return Known(state)[kind] ?? Find(state, kind);
    }

    /// <summary>Where a text is after some more bytes.</summary>
    /// <exception cref="GrammarCostException">The grammar is too ambiguous.</exception>
    public GrammarState After(GrammarState state, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
            state = After(state, value);
        return state;
    }

    /// <summary>The tokens that may come next.</summary>
    /// <exception cref="GrammarCostException">The grammar is too ambiguous.</exception>
    public TokenMask Mask(GrammarState state, VocabularyTrie vocabulary)
    {
        Known(state);
        if (_masks[state.Place] is { } known)
            return known;
        ForgetIfFull();
        TokenMask mask = vocabulary.Mask(this, state);
        // Finding it may have begun another era.
        Known(state);
        _bytes += mask.Bytes;
        return _masks[state.Place] = mask;
    }

    private GrammarState Begin()
    {
        Reset();
        Reach(new GrammarThread(_automaton.Start(0), null));
        return Intern();
    }

    private GrammarState?[] Known(GrammarState state)
    {
        if (state.Era != Era)
            Remember(state);
        return _next[state.Place];
    }

    private GrammarState Find(GrammarState state, int kind)
    {
        ForgetIfFull();
        Known(state);
        Reset();
        byte value = _automaton.Member(kind);
        foreach (GrammarThread thread in state.Threads)
            if (_automaton.After(_automaton[thread.Node], value) is >= 0 and int next)
                Reach(new GrammarThread(next, thread.Stack));
        Charge(state.Threads.Length);
        return _next[state.Place][kind] = Intern();
    }

    private void Reset()
    {
        _seen.Clear();
        _found.Clear();
        _open.Clear();
        _mayEnd = false;
    }

    /// <summary>Collects what a thread comes to before it takes a byte.</summary>
    private void Reach(GrammarThread from)
    {
        Open(from);
        while (_open.TryPop(out GrammarThread thread))
        {
            Node node = _automaton[thread.Node];
            switch (node.Kind)
            {
                case NodeKind.Bytes:
                    _found.Add(thread);
                    break;
                case NodeKind.Either:
                    foreach (int target in _automaton.Targets(node))
                        Open(new GrammarThread(target, thread.Stack));
                    Charge(node.Count);
                    break;
                case NodeKind.Call:
                    // A call at a rule's end leaves nothing to come back to.
                    bool isLast = _automaton[node.Count].Kind == NodeKind.End;
                    Open(new GrammarThread(_automaton.Start(node.First), isLast ? thread.Stack : Push(node.Count, thread.Stack)));
                    break;
                default:
                    if (thread.Stack is { } stack)
                        Open(new GrammarThread(stack.Node, stack.Rest));
                    else
                        _mayEnd = true;
                    break;
            }
        }
    }

    private void Open(GrammarThread thread)
    {
        if (!_seen.Add(thread))
            return;
        _open.Push(thread);
        Charge(1);
        if (_seen.Count > GrammarLimits.Threads)
            throw new GrammarCostException($"a text may be read in more than {GrammarLimits.Threads} ways at once");
    }

    private void Charge(int work)
    {
        _work -= work;
        if (_work >= 0)
            return;
        _work = 0;
        throw new GrammarCostException("its states take too much work to follow");
    }

    private ReturnStack Push(int node, ReturnStack? rest)
    {
        (int, long) key = (node, rest?.Id ?? 0);
        if (_stacks.TryGetValue(key, out ReturnStack? stack))
            return stack;
        _bytes += StackBytes;
        return _stacks[key] = new ReturnStack(++_stackId, node, rest);
    }

    /// <summary>The state of what was reached.</summary>
    private GrammarState Intern()
    {
        _found.Sort(static (a, b) => a.Key.CompareTo(b.Key));
        GrammarState state = new([.. _found], _mayEnd) { Era = -1 };
        if (_states.TryGetValue(state, out GrammarState? known))
            return known;
        Remember(state);
        return state;
    }

    private void Remember(GrammarState state)
    {
        if (_states.TryGetValue(state, out GrammarState? known))
        {
            (state.Era, state.Place) = (Era, known.Place);
            return;
        }
        _states.Add(state);
        (state.Era, state.Place) = (Era, _next.Count);
        _next.Add(new GrammarState?[_automaton.ClassCount]);
        _masks.Add(null);
        _bytes += StateBytes + state.Threads.Length * 16 + _automaton.ClassCount * 8;
    }

    private void ForgetIfFull()
    {
        if (_bytes <= _memory)
            return;
        Era++;
        _bytes = 0;
        _states.Clear();
        _stacks.Clear();
        _next.Clear();
        _masks.Clear();
    }
}
