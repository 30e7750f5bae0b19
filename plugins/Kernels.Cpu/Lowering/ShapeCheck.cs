namespace Tessera.Kernels.Cpu.Lowering;

/// <summary>Refuses nodes whose widths do not fit together: kernels index by them.</summary>
internal static class ShapeCheck
{
    /// <summary>Checks one node.</summary>
    /// <exception cref="UnsupportedModelException">A width does not fit; the text names the node and both numbers.</exception>
    public static void Require(GraphNode node)
    {
        switch (node)
        {
            case EmbedNode n:
                Equal(n, "columns of the weight", n.Output.Width, n.Weight.Columns);
                break;
            case RmsNormNode n:
                Equal(n, "input width", n.Output.Width, n.Input.Width);
                Equal(n, "elements of the weight", n.Input.Width, n.Weight.Rows * n.Weight.Columns);
                break;
            case LinearNode n:
                Matrix(n, n.Weight, n.Input, n.Output);
                if (n.Bias is not null)
                    Equal(n, "elements of the bias", n.Output.Width, n.Bias.Rows * n.Bias.Columns);
                break;
            case LmHeadNode n:
                Matrix(n, n.Weight, n.Input, n.Output);
                break;
            case RopeNode n:
                Equal(n, "input width", n.Output.Width, n.Input.Width);
                Equal(n, "heads · head length", n.Input.Width, (long)n.Heads * n.HeadLength);
                if (n.Table.Frequencies.Length > n.HeadLength / 2)
                    throw Wrong(n, "rotating pairs", $"at most {n.HeadLength / 2}", n.Table.Frequencies.Length);
                break;
            case AttentionNode n:
                if (n.KeyHeads < 1 || n.Heads < 1 || n.Heads % n.KeyHeads != 0)
                    throw Wrong(n, "heads", $"a multiple of {n.KeyHeads} key heads", n.Heads);
                Equal(n, "query width", (long)n.Heads * n.KeyLength, n.Query.Width);
                Equal(n, "key width", (long)n.KeyHeads * n.KeyLength, n.Key.Width);
                Equal(n, "value width", (long)n.KeyHeads * n.ValueLength, n.Value.Width);
                Equal(n, "output width", (long)n.Heads * n.ValueLength, n.Output.Width);
                break;
            case GatedActivationNode n:
                Equal(n, "gate width", n.Output.Width, n.Gate.Width);
                Equal(n, "up width", n.Output.Width, n.Up.Width);
                break;
            case AddNode n:
                Equal(n, "width of a", n.Output.Width, n.A.Width);
                Equal(n, "width of b", n.Output.Width, n.B.Width);
                break;
        }
    }

    private static void Matrix(GraphNode node, WeightTensor weight, GraphValue input, GraphValue output)
    {
        Equal(node, $"columns of tensor '{weight.Name}'", input.Width, weight.Columns);
        Equal(node, $"rows of tensor '{weight.Name}'", output.Width, weight.Rows);
    }

    private static void Equal(GraphNode node, string what, long expected, long found)
    {
        if (expected != found)
            throw Wrong(node, what, expected, found);
    }

    private static UnsupportedModelException Wrong(GraphNode node, string what, object expected, object found) =>
        new($"cpu: node '{node.Name}', {what}: expected {expected}, found {found}");
}
