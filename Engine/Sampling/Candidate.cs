namespace Tessera.Engine.Sampling;

/// <summary>A token that may be drawn. Ordered best key first, equal keys by id.</summary>
internal struct Candidate : IComparable<Candidate>
{
    /// <summary>The token.</summary>
    public int Id;
    /// <summary>Its logit, as the samplers so far have left it.</summary>
    public float Logit;
    /// <summary>Its probability among the candidates; valid after <see cref="Candidates.Softmax"/>.</summary>
    public float Probability;
    /// <summary>What the running selection orders by.</summary>
    public float Key;

    public readonly int CompareTo(Candidate other)
        => Key > other.Key ? -1 : Key < other.Key ? 1 : Id.CompareTo(other.Id);
}
