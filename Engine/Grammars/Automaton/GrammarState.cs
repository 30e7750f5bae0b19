namespace Tessera.Engine.Grammars.Automaton;

/// <summary>Where a text stands in a grammar: all ways in which it may be read so far. It never changes, so going back is to keep the older one; what a machine knows of it, the machine keeps.</summary>
internal sealed class GrammarState(GrammarThread[] threads, bool mayEnd)
{
    /// <summary>The ways, ascending by their keys; each is at a node that takes a byte.</summary>
    public GrammarThread[] Threads { get; } = threads;

    /// <summary>Whether the text may end here.</summary>
    public bool MayEnd { get; } = mayEnd;

    /// <summary>Whether neither an end nor any byte is allowed.</summary>
    public bool IsDead => Threads.Length == 0 && !MayEnd;

    /// <summary>The machine's time in which it was given its place.</summary>
    public int Era { get; set; }

    /// <summary>Its place in what the machine remembers of this time.</summary>
    public int Place { get; set; }

    /// <summary>Equal where the ways are.</summary>
    public sealed class Comparer : IEqualityComparer<GrammarState>
    {
        public bool Equals(GrammarState? one, GrammarState? other) =>
            one!.MayEnd == other!.MayEnd && one.Threads.AsSpan().SequenceEqual(other.Threads);

        public int GetHashCode(GrammarState state)
        {
            HashCode hash = new();
            foreach (GrammarThread thread in state.Threads)
                hash.Add(thread.Key);
            return hash.ToHashCode();
        }
    }
}
