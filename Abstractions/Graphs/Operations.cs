using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>Operation ids.</summary>
public static class Operations
{
    /// <summary><see cref="EmbedNode"/>.</summary>
    public const string Embed = "embed";
    /// <summary><see cref="RmsNormNode"/>.</summary>
    public const string RmsNorm = "rms_norm";
    /// <summary><see cref="LinearNode"/>.</summary>
    public const string Linear = "linear";
    /// <summary><see cref="RopeNode"/>.</summary>
    public const string Rope = "rope";
    /// <summary><see cref="AttentionNode"/>.</summary>
    public const string Attention = "attention";
    /// <summary><see cref="GatedActivationNode"/>.</summary>
    public const string GatedActivation = "gated_activation";
    /// <summary><see cref="AddNode"/>.</summary>
    public const string Add = "add";
    /// <summary><see cref="LmHeadNode"/>.</summary>
    public const string LmHead = "lm_head";
}

/// <summary>output = row <c>token</c> of the weight.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Output">[rows, columns of the weight].</param>
/// <param name="Weight">[vocabulary, width].</param>
public sealed record EmbedNode(string Name, GraphValue Output, WeightTensor Weight) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Embed;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => [Weight];
}

/// <summary>output = x / √(mean(x²) + ε) · w, over the whole row (arXiv 1910.07467).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">x.</param>
/// <param name="Output">As wide as x.</param>
/// <param name="Weight">[width], quantization f32, f16 or bf16.</param>
/// <param name="Epsilon">ε.</param>
public sealed record RmsNormNode(string Name, GraphValue Input, GraphValue Output, WeightTensor Weight, float Epsilon) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.RmsNorm;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
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

/// <summary>Rotates pairs of each head by position · frequency (arXiv 2104.09864).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">[rows, heads · head length].</param>
/// <param name="Output">As wide as the input.</param>
/// <param name="Heads">The number of heads.</param>
/// <param name="HeadLength">Elements of a head; the first 2 · frequencies of them rotate, the rest pass.</param>
/// <param name="Table">Frequencies, pairing and magnitude; any scaling is in them already.</param>
public sealed record RopeNode(string Name, GraphValue Input, GraphValue Output, int Heads, int HeadLength, RopeTable Table) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Rope;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
}

/// <summary>The rotation of a model.</summary>
/// <param name="Pairing">Which elements rotate together; for halves, i and i + frequencies.</param>
/// <param name="Frequencies">Radians for each position, one for each pair.</param>
/// <param name="Magnitude">A factor on cos and sin.</param>
public sealed record RopeTable(RopePairing Pairing, float[] Frequencies, float Magnitude);

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
    /// <inheritdoc/>
    public override string Operation => Operations.Attention;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Query, Key, Value];
}

/// <summary>The nonlinearity of a gated feed-forward.</summary>
public enum Activation
{
    /// <summary>x · sigmoid(x); revision 1.</summary>
    Silu,
}

/// <summary>output = activation(gate) · up (arXiv 2002.05202).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Gate">What the activation is applied to.</param>
/// <param name="Up">What it gates; as wide as the gate.</param>
/// <param name="Output">As wide as the gate.</param>
/// <param name="Activation">The nonlinearity.</param>
public sealed record GatedActivationNode(string Name, GraphValue Gate, GraphValue Up, GraphValue Output, Activation Activation) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.GatedActivation;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Gate, Up];
}

/// <summary>output = a + b.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="A">a.</param>
/// <param name="B">b, as wide as a.</param>
/// <param name="Output">As wide as a.</param>
public sealed record AddNode(string Name, GraphValue A, GraphValue B, GraphValue Output) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Add;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [A, B];
}

/// <summary>As <see cref="LinearNode"/> without a bias, for the rows that want logits only.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">The final hidden state.</param>
/// <param name="Output">[rows, vocabulary].</param>
/// <param name="Weight">[vocabulary, width]; the embedding's where the two are tied.</param>
public sealed record LmHeadNode(string Name, GraphValue Input, GraphValue Output, WeightTensor Weight) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.LmHead;
    /// <inheritdoc/>
    public override int Revision => 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights => [Weight];
}
