namespace Tessera.Abstractions.Graphs;

/// <summary>
/// Attention among the rows that a sequence has in the batch, without a cache: for each row and query head h, softmax over the visible rows j of (q·kⱼ · scale), times vⱼ, with key head h / (heads / key heads).
/// Visible are all rows of the row's sequence, before and behind it, or those whose cache index is at most a reach away. The batch holds whole sequences (<see cref="ModelGraph.NeedsWholeSequences"/>).
/// </summary>
/// <param name="Name">The node's name.</param>
/// <param name="Query">[rows, heads · key length].</param>
/// <param name="Key">[rows, key heads · key length].</param>
/// <param name="Value">[rows, key heads · value length].</param>
/// <param name="Output">[rows, heads · value length].</param>
/// <param name="Heads">Query heads; a multiple of the key heads.</param>
/// <param name="KeyHeads">Key and value heads.</param>
/// <param name="KeyLength">Elements of a query or key head.</param>
/// <param name="ValueLength">Elements of a value head.</param>
/// <param name="Scale">What query · key is multiplied with.</param>
public sealed record BidirectionalAttentionNode(string Name, GraphValue Query, GraphValue Key, GraphValue Value, GraphValue Output, int Heads, int KeyHeads, int KeyLength, int ValueLength, float Scale) : GraphNode(Name, Output)
{
    /// <summary>How many tokens away, on either side, a row sees; 0: all of its sequence.</summary>
    public int Reach { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.BidirectionalAttention;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Query, Key, Value];
}
