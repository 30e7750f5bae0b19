using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>A model as a sequence of typed operations over named weights. Nodes stand in an order in which every input comes before its use.</summary>
public sealed class ModelGraph
{
    /// <summary>The operations, in order.</summary>
    public required IReadOnlyList<GraphNode> Nodes { get; init; }

    /// <summary>The KV cache groups; a cache's name is unique over all groups.</summary>
    public required IReadOnlyList<CacheGroup> CacheGroups { get; init; }

    /// <summary>The number of logits.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The value that holds the hidden state after the last norm.</summary>
    public required GraphValue Hidden { get; init; }

    /// <summary>The value that holds the logits, or null for a graph without a head.</summary>
    public required GraphValue? Logits { get; init; }

    /// <summary>The value that holds the vector of a whole sequence (an embedding, or the scores of a classifier), or null for a graph that does not pool. It follows from a <see cref="PoolNode"/>.</summary>
    public GraphValue? Pooled { get; init; }

    /// <summary>Whether all rows of a sequence must stand in one batch, with cache indices from 0 on: rows see later ones, or a pool reads them all.</summary>
    public bool NeedsWholeSequences => Nodes.Any(n => n is BidirectionalAttentionNode or PoolNode { Kind: not PoolingKind.Last });
}

/// <summary>A value between operations: float rows of a fixed width, one for each row of the batch, or, from a pool on, one for each row that wants its sequence's vector.</summary>
/// <param name="Id">Unique in the graph.</param>
/// <param name="Name">For messages.</param>
/// <param name="Width">Floats in a row.</param>
public sealed record GraphValue(int Id, string Name, int Width);

/// <summary>Which cache entries a cache group keeps.</summary>
public enum CacheKind
{
    /// <summary>All of a sequence.</summary>
    Full,
    /// <summary>The last <see cref="CacheGroup.Window"/> tokens.</summary>
    Window,
}

/// <summary>Caches whose entries live and die together: one block table for each sequence serves them all.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Kind">Which entries are kept.</param>
/// <param name="Window">Tokens that a window sees, itself included; 0 for <see cref="CacheKind.Full"/>.</param>
/// <param name="Caches">The caches.</param>
public sealed record CacheGroup(string Name, CacheKind Kind, int Window, IReadOnlyList<CacheSpec> Caches);

/// <summary>A named key/value cache. Attention nodes name theirs, so layers may share one.</summary>
/// <param name="Name">Unique in the graph, such as <c>blk.0</c>.</param>
/// <param name="Heads">Key and value heads.</param>
/// <param name="KeyLength">Elements of a key head.</param>
/// <param name="ValueLength">Elements of a value head.</param>
public sealed record CacheSpec(string Name, int Heads, int KeyLength, int ValueLength);

/// <summary>One operation. Its id and revision say exactly what it means; an attribute that changes the meaning raises the revision whenever it is set.</summary>
/// <param name="Name">The node's name, such as <c>blk.0.attn_norm</c>; unique in the graph.</param>
/// <param name="Output">The value that it makes.</param>
public abstract record GraphNode(string Name, GraphValue Output)
{
    /// <summary>The operation's id.</summary>
    public abstract string Operation { get; }

    /// <summary>The least revision of the operation that knows all attributes that are set.</summary>
    public abstract int Revision { get; }

    /// <summary>The values that it reads.</summary>
    public abstract IReadOnlyList<GraphValue> Inputs { get; }

    /// <summary>The weights that it reads.</summary>
    public virtual IReadOnlyList<WeightTensor> Weights => [];
}
