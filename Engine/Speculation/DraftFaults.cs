namespace Tessera.Engine.Speculation;

/// <summary>Counts the turns that a strategy has lost, and says when it is enough.</summary>
internal sealed class DraftFaults
{
    private const int Most = 3;

    /// <summary>So many turns in a row without a fault make up for those before.</summary>
    private const int Forgiven = 1000;

    private int _recent, _passed;

    /// <summary>All of them.</summary>
    public int Count { get; private set; }

    /// <summary>Why the strategy is not asked any more; null while it is.</summary>
    public string? Problem { get; private set; }

    /// <summary>A turn without a fault.</summary>
    public void Passed()
    {
        if (++_passed >= Forgiven)
            _recent = 0;
    }

    /// <summary>A fault. True: the strategy is to be set aside.</summary>
    public bool Add()
    {
        _passed = 0;
        Count++;
        return ++_recent >= Most;
    }

    /// <summary>The strategy is set aside.</summary>
    public void Stop(string text) => Problem = $"drafting has stopped: {text}";
}
