using System.Diagnostics.CodeAnalysis;

namespace Tessera.Kernels.Common;

/// <summary>Refuses nodes whose widths or attributes do not fit together: kernels index by them.</summary>
internal static partial class ShapeCheck
{
    /// <summary>Checks one node.</summary>
    /// <exception cref="UnsupportedModelException">A width does not fit; the text names the node and both numbers.</exception>
    public static void Require(GraphNode node)
    {
        switch (node)
        {
            case EmbedNode n:
                Equal(n, "columns of the weight", n.Output.Width, n.Weight.Columns);
                That(Enum.IsDefined(n.Index), n, "index", "a known one", n.Index);
                That(n.Offset >= 0 && n.Offset < n.Weight.Rows, n, "offset", $"0 to {n.Weight.Rows - 1}", n.Offset);
                break;
            case RmsNormNode n:
                Norm(n, n.Input, n.Groups, n.Weight, null);
                break;
            case LayerNormNode n:
                Norm(n, n.Input, n.Groups, n.Weight, n.Bias);
                break;
            case LinearNode n:
                Matrix(n, n.Weight, n.Input, n.Output);
                Elements(n, n.Bias, n.Output.Width);
                break;
            case HeadLinearNode n:
                Dimensions(n, n.Weight, 3);
                Equal(n, "heads · input length", n.Weight.Shape[0] * n.Weight.Shape[2], n.Input.Width);
                Equal(n, "heads · output length", n.Weight.Shape[0] * n.Weight.Shape[1], n.Output.Width);
                break;
            case LmHeadNode n:
                Matrix(n, n.Weight, n.Input, n.Output);
                Elements(n, n.Bias, n.Output.Width);
                That(n.SoftCap >= 0, n, "soft cap", "at least 0", n.SoftCap);
                break;
            case RopeNode n:
                Rope(n);
                break;
            case AttentionNode n:
                Attention(n);
                break;
            case BidirectionalAttentionNode n:
                Heads(n, n.Query, n.Key, n.Value, n.Heads, n.KeyHeads, n.KeyLength, n.ValueLength);
                That(n.Reach >= 0, n, "reach", "at least 0", n.Reach);
                break;
            case PoolNode n:
                Equal(n, "input width", n.Output.Width, n.Input.Width);
                That(Enum.IsDefined(n.Kind) && n.Kind != PoolingKind.None, n, "kind", "a known one", n.Kind);
                break;
            case MixtureOfExpertsNode n:
                Experts(n);
                break;
            case ActivationNode n:
                Equal(n, "input width", n.Output.Width, n.Input.Width);
                That(Enum.IsDefined(n.Activation) && n.Activation != Activation.ClampedSwiGlu, n, "activation", "one that needs no gate", n.Activation);
                break;
            case GatedActivationNode n:
                Equal(n, "gate width", n.Output.Width, n.Gate.Width);
                Equal(n, "up width", n.Output.Width, n.Up.Width);
                Gate(n, n.Activation, n.Limit);
                break;
            case AddNode n:
                Equal(n, "width of a", n.Output.Width, n.A.Width);
                Equal(n, "width of b", n.Output.Width, n.B.Width);
                break;
            case ScaleNode n:
                Equal(n, "input width", n.Output.Width, n.Input.Width);
                break;
            case SliceNode n:
                Groups(n, n.Groups, n.Input.Width, n.Output.Width);
                That(n.Offset >= 0 && n.Offset <= (n.Input.Width - n.Output.Width) / n.Groups, n, "offset", $"0 to {(n.Input.Width - n.Output.Width) / n.Groups}", n.Offset);
                break;
            case ConcatNode n:
                Groups(n, n.Groups, n.A.Width, n.BIsShared ? 0 : n.B.Width);
                Equal(n, "output width", n.A.Width + (n.BIsShared ? (long)n.Groups : 1) * n.B.Width, n.Output.Width);
                break;
        }
    }

    private static void Matrix(GraphNode node, WeightTensor weight, GraphValue input, GraphValue output)
    {
        Equal(node, $"columns of tensor '{weight.Name}'", input.Width, weight.Columns);
        Equal(node, $"rows of tensor '{weight.Name}'", output.Width, weight.Rows);
    }

    private static void Dimensions(GraphNode node, WeightTensor weight, int count) =>
        Equal(node, $"dimensions of tensor '{weight.Name}'", count, weight.Shape.Length);

    private static void Elements(GraphNode node, WeightTensor? weight, long expected)
    {
        if (weight is not null)
            Equal(node, $"elements of tensor '{weight.Name}'", expected, weight.Rows * weight.Columns);
    }

    private static void Groups(GraphNode node, int groups, params ReadOnlySpan<int> widths)
    {
        That(groups > 0, node, "groups", "at least 1", groups);
        foreach (int width in widths)
            That(width % groups == 0, node, "width", $"a multiple of {groups} groups", width);
    }

    private static void Equal(GraphNode node, string what, long expected, long found) => That(expected == found, node, what, expected, found);

    private static void That([DoesNotReturnIf(false)] bool holds, GraphNode node, string what, object expected, object found)
    {
        if (!holds)
            throw new UnsupportedModelException($"{BackendName.Value}: node '{node.Name}', {what}: expected {expected}, found {found}");
    }
}
