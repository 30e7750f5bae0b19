namespace Tessera.Engine.Architectures.Blocks;

/// <summary>The experts of a model's layers: how many, how wide, and how a row's are chosen.</summary>
internal sealed class Experts
{
    private const string Fused = "ffn_gate_up_exps";
    private const int Most = 4096;
    private const int MostInner = 1 << 23;

    private readonly Decoder _model;
    private readonly int _count;
    private readonly long _inner;
    private readonly ExpertRouting _routing;

    /// <summary>Reads and checks the numbers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="scoring">What the router's logits become.</param>
    /// <param name="normalize">Whether the chosen experts' scores are divided by their sum.</param>
    /// <exception cref="ModelFormatException">A number is missing or wrong; the text names it.</exception>
    public Experts(Decoder model, ExpertScoring scoring, bool normalize)
    {
        ModelMetadata m = model.Metadata;
        _model = model;
        _count = Whole("expert_count", 0, 1, Most);
        _inner = Whole("expert_feed_forward_length", m.FeedForwardLength, 1, MostInner);
        int groups = Math.Max(1, Whole("expert_group_count", 1, 0, _count));
        if (_count % groups != 0)
            throw Hyperparameters.Bad(m, "expert_group_count", $"a divisor of expert_count ({_count})", groups);
        int groupsUsed = groups == 1 ? 1 : Whole("expert_group_used_count", groups, 1, groups);
        // A group is judged by as many of its experts as the score of groups takes.
        GroupScoring groupScoring = scoring == ExpertScoring.Sigmoid ? GroupScoring.BestTwo : GroupScoring.Best;
        if (groups > 1 && groupScoring == GroupScoring.BestTwo && _count / groups < 2)
            throw Hyperparameters.Bad(m, "expert_group_count", $"groups of at least 2 of {_count} experts", groups);
        _routing = new ExpertRouting(Whole("expert_used_count", 0, 1, _count / groups * groupsUsed), scoring)
        {
            Normalize = normalize,
            Scale = Hyperparameters.Factor(m, "expert_weights_scale", 1),
            Groups = groups,
            GroupsUsed = groupsUsed,
            GroupScoring = groupScoring,
        };

        int Whole(string key, int absent, int least, int most)
        {
            double value = Hyperparameters.Extra(m, key, absent, least, most);
            return value >= least && value <= most && Math.Floor(value) == value ? (int)value : throw Hyperparameters.Bad(m, key, $"a whole number from {least} to {most}", value);
        }
    }

    /// <summary>Whether the metadata speaks of experts.</summary>
    public static bool In(ModelMetadata metadata) => metadata.Extra.GetValueOrDefault("expert_count") != 0;

    /// <summary>Whether a layer has experts rather than one feed-forward for all rows.</summary>
    public static bool Has(DecoderLayer layer) => layer.Has("ffn_gate_inp.weight");

    /// <summary>The weighted sum of each row's experts, chosen by the router <c>ffn_gate_inp</c>; with the biases that the file has.</summary>
    public GraphValue Mix(DecoderLayer layer, GraphValue x, Activation activation, float limit = 0)
    {
        GraphValue router = layer.Linear("ffn_gate_inp", x, _count);
        bool isFused = layer.Has($"{Fused}.weight");
        string first = isFused ? Fused : "ffn_gate_exps";
        long rows = isFused ? 2 * _inner : _inner;
        WeightTensor gate = Weight(layer, first, rows, x.Width);
        return _model.Graph.Experts(layer.Name("ffn_experts"), x, output => new MixtureOfExpertsNode(
            layer.Name("ffn_experts"), x, router, output,
            gate, isFused ? gate : Weight(layer, "ffn_up_exps", _inner, x.Width), Weight(layer, "ffn_down_exps", x.Width, _inner), _routing, activation)
        {
            Rows = !isFused ? GateUpRows.Separate : _model.Metadata.GateUpRowsAlternate ? GateUpRows.Alternating : GateUpRows.GateFirst,
            GateBias = _model.Bias(layer.Name(first), _count, rows),
            UpBias = isFused ? null : _model.Bias(layer.Name("ffn_up_exps"), _count, _inner),
            DownBias = _model.Bias(layer.Name("ffn_down_exps"), _count, x.Width),
            SelectionBias = _model.Graph.Optional(layer.Name("exp_probs_b.bias"), _count),
            Limit = limit,
        });
    }

    /// <summary>Adds the feed-forward that all rows take, as wide as so many experts together.</summary>
    public GraphValue AddShared(DecoderLayer layer, GraphValue mixed, GraphValue x, int shared)
    {
        GraphValue gate = layer.Linear("ffn_gate_shexp", x, shared * _inner), up = layer.Linear("ffn_up_shexp", x, shared * _inner);
        GraphValue h = _model.Graph.Gated(layer.Name("ffn_act_shexp"), gate, up, Activation.Silu);
        return layer.Add("ffn_shared_add", mixed, layer.Linear("ffn_down_shexp", h, x.Width));
    }

    private WeightTensor Weight(DecoderLayer layer, string name, long rows, long columns) =>
        _model.Graph.Weight(layer.Name($"{name}.weight"), _count, rows, columns);
}
