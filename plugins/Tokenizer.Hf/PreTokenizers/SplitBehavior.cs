namespace Tessera.Tokenizer.Hf.PreTokenizers;

/// <summary>What becomes of a match when a piece is split at it.</summary>
internal enum SplitBehavior
{
    /// <summary>It is left out.</summary>
    Removed,
    /// <summary>It is a piece.</summary>
    Isolated,
    /// <summary>It ends the piece before it.</summary>
    MergedWithPrevious,
    /// <summary>It begins the piece behind it.</summary>
    MergedWithNext,
    /// <summary>Matches that touch are one piece.</summary>
    Contiguous,
}
