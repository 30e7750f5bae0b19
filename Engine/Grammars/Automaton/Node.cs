namespace Tessera.Engine.Grammars.Automaton;

/// <summary>What a node does.</summary>
internal enum NodeKind : byte
{
    /// <summary>The rule ends here: what called it goes on. Node 0 alone.</summary>
    End,
    /// <summary>Takes a byte, by the edges from <see cref="Node.First"/> on.</summary>
    Bytes,
    /// <summary>Is any of the targets from <see cref="Node.First"/> on.</summary>
    Either,
    /// <summary>Begins the rule <see cref="Node.First"/>; at its end the node <see cref="Node.Count"/> follows.</summary>
    Call,
}

/// <summary>A place in a compiled grammar.</summary>
internal readonly record struct Node(NodeKind Kind, int First, int Count);

/// <summary>Takes one byte from a range.</summary>
internal readonly record struct ByteEdge(byte Low, byte High, int Next);
