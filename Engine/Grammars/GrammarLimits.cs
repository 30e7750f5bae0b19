namespace Tessera.Engine.Grammars;

/// <summary>What a grammar may cost. Its text is a client's: none of these can be passed, whatever it says.</summary>
internal static class GrammarLimits
{
    /// <summary>Characters of the text.</summary>
    public const int Text = 1 << 16;

    /// <summary>Rules.</summary>
    public const int Rules = 4096;

    /// <summary>Groups within groups.</summary>
    public const int Depth = 100;

    /// <summary>Repetition signs on one item.</summary>
    public const int Signs = 8;

    /// <summary>A number in a repetition.</summary>
    public const int Count = 100_000;

    /// <summary>States and edges of the compiled grammar, with repetitions written out.</summary>
    public const int Size = 1 << 16;

    /// <summary>Places in the grammar that one text may have come to at once.</summary>
    public const int Threads = 1 << 14;

    /// <summary>Bytes of what is remembered of one grammar: states, transitions and masks.</summary>
    public const long Memory = 16L << 20;

    /// <summary>Work, in places looked at: what a grammar may have at first and save up, and what it gets for each token. Known states cost nothing.</summary>
    public const long FirstWork = 2_000_000, WorkPerToken = 250_000;
}
