namespace Tessera.Spec.Decoding.Sources;

/// <summary>A source's own state for each sequence; states of ended sequences are used again.</summary>
/// <param name="create">Makes a state.</param>
/// <param name="clear">Empties one.</param>
internal sealed class SequenceStates<T>(Func<T> create, Action<T> clear) where T : class
{
    private const int MostSpare = 64;

    private readonly Dictionary<long, T> _states = [];
    private readonly Stack<T> _spare = new();

    /// <summary>A sequence's state; an empty one when it has none.</summary>
    public T Of(long sequence)
    {
        if (_states.TryGetValue(sequence, out T? state))
            return state;
        state = _spare.TryPop(out T? spare) ? spare : create();
        _states.Add(sequence, state);
        return state;
    }

    /// <summary>Takes a sequence's state away.</summary>
    public T? Remove(long sequence)
    {
        if (!_states.Remove(sequence, out T? state))
            return null;
        clear(state);
        if (_spare.Count < MostSpare)
            _spare.Push(state);
        return state;
    }
}
