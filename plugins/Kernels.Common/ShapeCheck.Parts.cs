namespace Tessera.Kernels.Common;

/// <summary>The operations with more to check than widths.</summary>
internal static partial class ShapeCheck
{
    private static void Norm(GraphNode n, GraphValue input, int groups, WeightTensor weight, WeightTensor? bias)
    {
        Groups(n, groups, input.Width);
        Equal(n, "input width", n.Output.Width, input.Width);
        long elements = weight.Rows * weight.Columns;
        if (elements != input.Width / groups)
            Equal(n, "elements of the weight", input.Width, elements);
        Elements(n, bias, elements);
    }

    private static void Rope(RopeNode n)
    {
        Equal(n, "input width", n.Output.Width, n.Input.Width);
        That(n.Heads > 0 && n.HeadLength > 0, n, "heads", "at least 1 of at least 1 element", $"{n.Heads} of {n.HeadLength}");
        Equal(n, "heads · head length", n.Input.Width, (long)n.Heads * n.HeadLength);
        int pairs = n.Table.Frequencies.Length;
        That(n.Offset >= 0 && n.Offset <= n.HeadLength, n, "offset", $"0 to {n.HeadLength}", n.Offset);
        That(pairs <= (n.HeadLength - n.Offset) / 2, n, "rotating pairs", $"at most {(n.HeadLength - n.Offset) / 2}", pairs);
        That(Enum.IsDefined(n.Table.Pairing), n, "pairing", "a known one", n.Table.Pairing);
        That(n.Table.Long is null || n.Table.Stretch is null, n, "frequencies by planned length", "one kind of them", "both long ones and a stretch");
        if (n.Table.Long is not null)
            Equal(n, "long frequencies", pairs, n.Table.Long.Frequencies.Length);
        if (n.Table.Stretch is { } stretch)
            That(stretch.Factor >= 1 && stretch.Base > 1 && stretch.OriginalContext > 0 && pairs > 1, n, "stretch",
                "a factor of at least 1, a base above 1, a context and 2 pairs or more", $"{stretch.Factor}, {stretch.Base}, {stretch.OriginalContext} and {pairs}");
    }

    private static void Heads(GraphNode n, GraphValue query, GraphValue key, GraphValue value, int heads, int keyHeads, int keyLength, int valueLength)
    {
        That(keyHeads > 0 && heads > 0 && heads % keyHeads == 0, n, "heads", $"a multiple of {keyHeads} key heads", heads);
        That(keyLength > 0 && valueLength > 0, n, "head lengths", "at least 1", $"{keyLength} and {valueLength}");
        Equal(n, "query width", (long)heads * keyLength, query.Width);
        Equal(n, "key width", (long)keyHeads * keyLength, key.Width);
        Equal(n, "value width", (long)keyHeads * valueLength, value.Width);
        Equal(n, "output width", (long)heads * valueLength, n.Output.Width);
    }

    private static void Attention(AttentionNode n)
    {
        Heads(n, n.Query, n.Key, n.Value, n.Heads, n.KeyHeads, n.KeyLength, n.ValueLength);
        That(n.SoftCap >= 0, n, "soft cap", "at least 0", n.SoftCap);
        Elements(n, n.Sinks, n.Heads);
    }

    private static void Experts(MixtureOfExpertsNode n)
    {
        Dimensions(n, n.Gate, 3);
        Dimensions(n, n.Up, 3);
        Dimensions(n, n.Down, 3);
        That(Enum.IsDefined(n.Rows), n, "rows of gate and up", "a known order", n.Rows);
        bool isFused = n.Rows != GateUpRows.Separate;
        long experts = n.Gate.Shape[0], inner = n.Down.Shape[2], rows = isFused ? 2 * inner : inner, width = n.Input.Width;
        That(!isFused || (ReferenceEquals(n.Up, n.Gate) && n.UpBias is null), n, "up", "the gate's tensor, and no bias of its own", $"'{n.Up.Name}'{(n.UpBias is null ? "" : " with a bias")}");
        Equal(n, "output width", width, n.Output.Width);
        Equal(n, "router's width", experts, n.Router.Width);
        foreach (WeightTensor weight in (WeightTensor[])[n.Gate, n.Up])
        {
            Equal(n, $"experts of tensor '{weight.Name}'", experts, weight.Shape[0]);
            Equal(n, $"rows for each expert of tensor '{weight.Name}'", rows, weight.Shape[1]);
            Equal(n, $"columns of tensor '{weight.Name}'", width, weight.Shape[2]);
        }
        Equal(n, $"experts of tensor '{n.Down.Name}'", experts, n.Down.Shape[0]);
        Equal(n, $"rows for each expert of tensor '{n.Down.Name}'", width, n.Down.Shape[1]);
        Equal(n, $"columns of tensor '{n.Down.Name}'", inner, n.Down.Shape[2]);
        Elements(n, n.GateBias, experts * rows);
        Elements(n, n.UpBias, experts * inner);
        Elements(n, n.DownBias, experts * width);
        Elements(n, n.SelectionBias, experts);
        Gate(n, n.Activation, n.Limit);
        That(n.Activation is not (Activation.Tanh or Activation.Relu), n, "activation", "one that experts have", n.Activation);
        ExpertRouting r = n.Routing;
        That(Enum.IsDefined(r.Scoring), n, "scoring", "a known one", r.Scoring);
        That(Enum.IsDefined(r.GroupScoring), n, "group scoring", "a known one", r.GroupScoring);
        That(r.Groups >= 1 && experts % r.Groups == 0, n, "groups", $"a divisor of {experts} experts", r.Groups);
        That(r.GroupsUsed >= 1 && r.GroupsUsed <= r.Groups, n, "groups used", $"1 to {r.Groups}", r.GroupsUsed);
        That(r.Used >= 1 && r.Used <= experts / r.Groups * r.GroupsUsed, n, "experts used", $"1 to {experts / r.Groups * r.GroupsUsed}", r.Used);
    }

    private static void Gate(GraphNode n, Activation activation, float limit)
    {
        That(Enum.IsDefined(activation), n, "activation", "a known one", activation);
        That(activation != Activation.ClampedSwiGlu || limit > 0, n, "limit", "more than 0", limit);
    }
}
