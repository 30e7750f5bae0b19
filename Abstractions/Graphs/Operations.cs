namespace Tessera.Abstractions.Graphs;

/// <summary>Operation ids.</summary>
public static class Operations
{
    /// <summary><see cref="EmbedNode"/>.</summary>
    public const string Embed = "embed";
    /// <summary><see cref="RmsNormNode"/>.</summary>
    public const string RmsNorm = "rms_norm";
    /// <summary><see cref="LayerNormNode"/>.</summary>
    public const string LayerNorm = "layer_norm";
    /// <summary><see cref="LinearNode"/>.</summary>
    public const string Linear = "linear";
    /// <summary><see cref="HeadLinearNode"/>.</summary>
    public const string HeadLinear = "head_linear";
    /// <summary><see cref="RopeNode"/>.</summary>
    public const string Rope = "rope";
    /// <summary><see cref="AttentionNode"/>.</summary>
    public const string Attention = "attention";
    /// <summary><see cref="BidirectionalAttentionNode"/>.</summary>
    public const string BidirectionalAttention = "bidirectional_attention";
    /// <summary><see cref="PoolNode"/>.</summary>
    public const string Pool = "pool";
    /// <summary><see cref="ActivationNode"/>.</summary>
    public const string Activation = "activation";
    /// <summary><see cref="GatedActivationNode"/>.</summary>
    public const string GatedActivation = "gated_activation";
    /// <summary><see cref="MixtureOfExpertsNode"/>.</summary>
    public const string MixtureOfExperts = "mixture_of_experts";
    /// <summary><see cref="AddNode"/>.</summary>
    public const string Add = "add";
    /// <summary><see cref="ScaleNode"/>.</summary>
    public const string Scale = "scale";
    /// <summary><see cref="SliceNode"/>.</summary>
    public const string Slice = "slice";
    /// <summary><see cref="ConcatNode"/>.</summary>
    public const string Concat = "concat";
    /// <summary><see cref="LmHeadNode"/>.</summary>
    public const string LmHead = "lm_head";
}
