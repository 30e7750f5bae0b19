using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>output = x / √(mean(x²) + ε) · w, over the whole row or over each of equal groups of it (arXiv 1910.07467).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">x.</param>
/// <param name="Output">As wide as x.</param>
/// <param name="Weight">As many elements as the row, or as one group, which every group then uses; quantization f32, f16 or bf16.</param>
/// <param name="Epsilon">ε.</param>
public sealed record RmsNormNode(string Name, GraphValue Input, GraphValue Output, WeightTensor Weight, float Epsilon) : GraphNode(Name, Output)
{
    /// <summary>Equal groups of the row, such as heads, each with a mean of its own; more than 1: revision 2.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The weight is stored as w and means 1 + w; revision 2.</summary>
    public bool WeightIsOffset { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.RmsNorm;
    /// <inheritdoc/>
    public override int Revision => Groups == 1 && !WeightIsOffset ? 1 : 2;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => [Weight];
}

/// <summary>output = (x − mean(x)) / √(variance(x) + ε) · w + b, over the whole row or over each of equal groups of it (arXiv 1607.06450).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">x.</param>
/// <param name="Output">As wide as x.</param>
/// <param name="Weight">As many elements as the row, or as one group, which every group then uses; quantization f32, f16 or bf16.</param>
/// <param name="Bias">b, with as many elements as the weight, or null.</param>
/// <param name="Epsilon">ε.</param>
public sealed record LayerNormNode(string Name, GraphValue Input, GraphValue Output, WeightTensor Weight, WeightTensor? Bias, float Epsilon) : GraphNode(Name, Output)
{
    /// <summary>Equal groups of the row, such as heads, each with a mean and variance of its own.</summary>
    public int Groups { get; init; } = 1;

    /// <inheritdoc/>
    public override string Operation => Operations.LayerNorm;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => Bias is null ? [Weight] : [Weight, Bias];
}
