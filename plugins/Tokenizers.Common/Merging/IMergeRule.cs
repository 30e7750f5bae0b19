namespace Tessera.Tokenizers.Common.Merging;

/// <summary>Says which neighbours of a word become one symbol, and which first. A struct, so that the call is inlined.</summary>
public interface IMergeRule
{
    /// <summary>Whether two neighbours merge.</summary>
    /// <param name="left">The left symbol's id; negative where the vocabulary has none.</param>
    /// <param name="right">The right symbol's id, likewise.</param>
    /// <param name="start">Where the left symbol starts in the word, in bytes.</param>
    /// <param name="end">Where the right symbol ends.</param>
    /// <param name="priority">Lower merges first; equal ones from the left.</param>
    /// <param name="merged">The id of both together.</param>
    bool TryMerge(int left, int right, int start, int end, out uint priority, out int merged);
}
