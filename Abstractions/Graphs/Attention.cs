using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>
/// Writes the batch's keys and values into a cache, then, for each row and query head h: softmax over the visible entries j of (q·kⱼ · scale), times vⱼ, with key head h / (heads / key heads).
/// Visible are the entries of the row's sequence with cache index ≤ the row's own and, in a window group, &gt; own − window.
/// </summary>
/// <param name="Name">The node's name.</param>
/// <param name="Query">[rows, heads · key length].</param>
/// <param name="Key">[rows, key heads · key length].</param>
/// <param name="Value">[rows, key heads · value length].</param>
/// <param name="Output">[rows, heads · value length].</param>
/// <param name="Cache">The name of the cache.</param>
/// <param name="Heads">Query heads; a multiple of the key heads.</param>
/// <param name="KeyHeads">Key and value heads.</param>
/// <param name="KeyLength">Elements of a query or key head.</param>
/// <param name="ValueLength">Elements of a value head.</param>
/// <param name="Scale">What query · key is multiplied with.</param>
public sealed record AttentionNode(string Name, GraphValue Query, GraphValue Key, GraphValue Value, GraphValue Output, string Cache, int Heads, int KeyHeads, int KeyLength, int ValueLength, float Scale) : GraphNode(Name, Output)
{
    /// <summary>c in c · tanh(score / c), after the scale and before the softmax; 0: no cap, else revision 2.</summary>
    public float SoftCap { get; init; }

    /// <summary>[heads]: a score for each query head that takes part in its softmax and has no value, or null; revision 2.</summary>
    public WeightTensor? Sinks { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.Attention;
    /// <inheritdoc/>
    public override int Revision => SoftCap == 0 && Sinks is null ? 1 : 2;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Query, Key, Value];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => Sinks is null ? [] : [Sinks];
}
