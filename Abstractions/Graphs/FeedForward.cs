namespace Tessera.Abstractions.Graphs;

/// <summary>The nonlinearity of a feed-forward.</summary>
public enum Activation
{
    /// <summary>x · sigmoid(x).</summary>
    Silu,
    /// <summary>x · Φ(x), with the error function (arXiv 1606.08415).</summary>
    Gelu,
    /// <summary>x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³))).</summary>
    GeluTanh,
    /// <summary>Gated only: g · sigmoid(1.702 · g) · (u + 1), with g = min(gate, limit) and u = up kept within ± limit.</summary>
    ClampedSwiGlu,
    /// <summary>tanh(x).</summary>
    Tanh,
    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>output = activation(x).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Input">x.</param>
/// <param name="Output">As wide as x.</param>
/// <param name="Activation">The nonlinearity; not <see cref="Activation.ClampedSwiGlu"/>. <see cref="Activation.Tanh"/> and <see cref="Activation.Relu"/>: revision 2.</param>
public sealed record ActivationNode(string Name, GraphValue Input, GraphValue Output, Activation Activation) : GraphNode(Name, Output)
{
    /// <inheritdoc/>
    public override string Operation => Operations.Activation;
    /// <inheritdoc/>
    public override int Revision => Activation is Activation.Tanh or Activation.Relu ? 2 : 1;
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Input];
}

/// <summary>output = activation(gate) · up (arXiv 2002.05202).</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Gate">What the activation is applied to.</param>
/// <param name="Up">What it gates; as wide as the gate.</param>
/// <param name="Output">As wide as the gate.</param>
/// <param name="Activation">The nonlinearity; other than <see cref="Activation.Silu"/>: revision 2; <see cref="Activation.Tanh"/> and <see cref="Activation.Relu"/>: 3.</param>
public sealed record GatedActivationNode(string Name, GraphValue Gate, GraphValue Up, GraphValue Output, Activation Activation) : GraphNode(Name, Output)
{
    /// <summary>The limit of <see cref="Activation.ClampedSwiGlu"/>; the others have none.</summary>
    public float Limit { get; init; }

    /// <inheritdoc/>
    public override string Operation => Operations.GatedActivation;
    /// <inheritdoc/>
    public override int Revision => Activation switch { Activation.Silu => 1, Activation.Tanh or Activation.Relu => 3, _ => 2 };
    /// <inheritdoc/>
    public override IReadOnlyList<GraphValue> Inputs => [Gate, Up];
}
