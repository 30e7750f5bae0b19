namespace Tessera.Engine.Grammars.Automaton;

/// <summary>What follows at the ends of the rules that are open, innermost first. Equal stacks of one machine are one object.</summary>
internal sealed class ReturnStack(long id, int node, ReturnStack? rest)
{
    /// <summary>Unique in the machine, from 1.</summary>
    public long Id { get; } = id;

    /// <summary>What follows at the end of the innermost rule.</summary>
    public int Node { get; } = node;

    /// <summary>The others; null: there are none.</summary>
    public ReturnStack? Rest { get; } = rest;
}

/// <summary>A way in which a text so far may be read: a node, and what follows at its rule's end.</summary>
internal readonly record struct GrammarThread(int Node, ReturnStack? Stack)
{
    /// <summary>Different for different ones.</summary>
    public long Key => (long)Node << 44 | (Stack?.Id ?? 0);
}
