using Tessera.Abstractions.Formats;

namespace Tessera.Abstractions.Graphs;

/// <summary>
/// output = Σ over the chosen experts e of weight(e) · (down[e] · (activation(gate[e] · x) · (up[e] · x))), biases added after each product (arXiv 1701.06538, 2401.04088).
/// Weights may be stacks (<see cref="WeightTensor.Stack"/>) of one tensor for each expert: revision 2. Which experts, and their weights, follow from the router's logits by <see cref="ExpertRouting"/>. Of equal scores the lower expert is chosen.
/// </summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">x.</param>
/// <param name="Router">The router's logits: [rows, experts].</param>
/// <param name="Output">As wide as x.</param>
/// <param name="Gate">[experts, inner, width]; with the rows of both, as <see cref="Rows"/> says, [experts, 2 · inner, width].</param>
/// <param name="Up">[experts, inner, width], or the gate's tensor where it has the rows of both.</param>
/// <param name="Down">[experts, width, inner].</param>
/// <param name="Routing">How experts are chosen and weighted.</param>
/// <param name="Activation">The nonlinearity; not <see cref="Activation.Tanh"/> or <see cref="Activation.Relu"/>.</param>
public sealed record MixtureOfExpertsNode(string Name, GraphValue Input, GraphValue Router, GraphValue Output, WeightTensor Gate, WeightTensor Up, WeightTensor Down, ExpertRouting Routing, Activation Activation)
    : GraphNode(Name, Output)
{
    /// <summary>How gate and up are stored; other than <see cref="GateUpRows.Separate"/>: revision 2.</summary>
    public GateUpRows Rows { get; init; }

    /// <summary>A bias for each row of the gate's tensor, or null.</summary>
    public WeightTensor? GateBias { get; init; }

    /// <summary>[experts, inner], or null; null where the gate's tensor has the rows of both.</summary>
    public WeightTensor? UpBias { get; init; }

    /// <summary>[experts, width], or null.</summary>
    public WeightTensor? DownBias { get; init; }

    /// <summary>[experts]: added to the scores where experts and groups are chosen, not where they are weighted (arXiv 2412.19437, section 2.1.2); or null.</summary>
    public WeightTensor? SelectionBias { get; init; }

    /// <summary>The limit of <see cref="Activation.ClampedSwiGlu"/>; the others have none.</summary>
    public float Limit { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.MixtureOfExperts;
    /// <inheritdoc/>
    public override int Revision => Rows != GateUpRows.Separate || Weights.Any(w => w.Stack.Count > 0) ? 2 : 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input, Router];
    /// <inheritdoc/>
    public override IReadOnlyList<WeightTensor> Weights =>
        [.. Rows == GateUpRows.Separate ? (WeightTensor[])[Gate, Up, Down] : [Gate, Down], .. new[] { GateBias, UpBias, DownBias, SelectionBias }.OfType<WeightTensor>()];
}

/// <summary>How the gate and up matrices of experts are stored.</summary>
public enum GateUpRows
{
    /// <summary>Each in a tensor of its own.</summary>
    Separate,
    /// <summary>In one, the gate's rows before up's.</summary>
    GateFirst,
    /// <summary>In one, by turns: a row of the gate, then one of up.</summary>
    Alternating,
}

/// <summary>What a router's logits become.</summary>
public enum ExpertScoring
{
    /// <summary>Softmax over all experts; the best are chosen.</summary>
    Softmax,
    /// <summary>The best logits are chosen; softmax over those.</summary>
    SoftmaxOfChosen,
    /// <summary>The sigmoid of each; the best are chosen.</summary>
    Sigmoid,
}

/// <summary>What a group of experts is judged by.</summary>
public enum GroupScoring
{
    /// <summary>Its best score.</summary>
    Best,
    /// <summary>The sum of its two best scores.</summary>
    BestTwo,
}

/// <summary>How a row's experts are chosen and weighted.</summary>
/// <param name="Used">Experts for each row.</param>
/// <param name="Scoring">What the logits become.</param>
public sealed record ExpertRouting(int Used, ExpertScoring Scoring)
{
    /// <summary>The chosen experts' scores are divided by their sum.</summary>
    public bool Normalize { get; init; }

    /// <summary>A factor on the weights, after normalization.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Equal groups of consecutive experts; only those of the best groups can be chosen.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The groups whose experts can be chosen.</summary>
    public int GroupsUsed { get; init; } = 1;

    /// <summary>What a group is judged by.</summary>
    public GroupScoring GroupScoring { get; init; }
}
