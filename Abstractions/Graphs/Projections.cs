using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>What a row of an embedding is looked up by.</summary>
public enum EmbedIndex
{
    /// <summary>The token's id.</summary>
    Token,
    /// <summary>The row's position.</summary>
    Position,
    /// <summary>The token's type.</summary>
    TokenType,
}

/// <summary>output = row <c>index + offset</c> of the weight, where the index is the token, or the position, or the token's type.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Output">[rows, columns of the weight].</param>
/// <param name="Weight">[vocabulary (or positions, or types), width].</param>
public sealed record EmbedNode(string Name, GraphValue Output, WeightTensor Weight) : GraphNode(Name, Output)
{
    /// <summary>What the index is; other than <see cref="EmbedIndex.Token"/>: revision 2.</summary>
    public EmbedIndex Index { get; init; }

    /// <summary>The row of index 0; other than 0: revision 2.</summary>
    public int Offset { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.Embed;
    /// <inheritdoc/>
    public override int Revision => Index == EmbedIndex.Token && Offset == 0 ? 1 : 2;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => [Weight];
}

/// <summary>output[o] = Σᵢ weight[o, i] · x[i] + bias[o]. The weight's name is the site of adapters.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">x.</param>
/// <param name="Output">As wide as the weight has rows.</param>
/// <param name="Weight">[output width, input width].</param>
/// <param name="Bias">[output width], or null.</param>
public sealed record LinearNode(string Name, GraphValue Input, GraphValue Output, WeightTensor Weight, WeightTensor? Bias = null) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Linear;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => Bias is null ? [Weight] : [Weight, Bias];
}

/// <summary>For each head h: output[h, o] = Σᵢ weight[h, o, i] · x[h, i]: latent attention's step between a head and the latent space (arXiv 2405.04434, section 2.1).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">[rows, heads · input length].</param>
/// <param name="Output">[rows, heads · output length].</param>
/// <param name="Weight">[heads, output length, input length].</param>
public sealed record HeadLinearNode(string Name, GraphValue Input, GraphValue Output, WeightTensor Weight) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.HeadLinear;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => [Weight];
}

/// <summary>logits[o] = Σᵢ weight[o, i] · x[i] + bias[o], scaled and capped, for the rows that want logits only.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">The final hidden state.</param>
/// <param name="Output">[rows, vocabulary].</param>
/// <param name="Weight">[vocabulary, width]; the embedding's where the two are tied.</param>
public sealed record LmHeadNode(string Name, GraphValue Input, GraphValue Output, WeightTensor Weight) : GraphNode(Name, Output)
{
    /// <summary>[vocabulary], or null; revision 2.</summary>
    public WeightTensor? Bias { get; init; }

    /// <summary>A factor on the sum; other than 1: revision 2.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>c in c · tanh(logit / c), after the factor; 0: no cap, else revision 2.</summary>
    public float SoftCap { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.LmHead;
    /// <inheritdoc/>
    public override int Revision => Bias is null && Scale == 1 && SoftCap == 0 ? 1 : 2;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => Bias is null ? [Weight] : [Weight, Bias];
}
