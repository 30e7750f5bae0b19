namespace Tessera.Conformance.Checks;

/// <summary>The model from embedding to head.</summary>
public sealed partial class CheckModel
{
    // Rows of the positions' embedding that no position has, as RoBERTa's; and a classifier's scores.
    private const int UnusedPositions = 2, Scores = 3;

    private void Build()
    {
        WeightTensor embedding = Matrix("token_embd.weight", _shape.Vocabulary, _shape.Width, 1);
        GraphValue x = Add("token_embd", _shape.Width, v => new EmbedNode("token_embd", v, embedding));
        x = Scale("token_embd_scale", x, _shape.EmbeddingScale);
        if (_shape.TokenTypes > 0)
            x = Lookup("token_types", x, EmbedIndex.TokenType, _shape.TokenTypes, 0);
        if (_shape.LearnedPositions)
            x = Lookup("position_embd", x, EmbedIndex.Position, CheckScript.MaxPositions + UnusedPositions, UnusedPositions);
        if (_shape.EmbeddingNorm)
            x = Norm("token_embd_norm", x);
        RopeTable table = Table(10_000), local = _shape.LocalRope ? Table(100) : table;
        for (int i = 0; i < _shape.Layers; i++)
            x = Layer($"blk.{i}", _shape.LearnedPositions ? null : i % 2 == 0 ? table : _shape.SkipRope ? null : local, x);
        GraphValue hidden = _hidden = _shape.SumNorms ? x : Norm("output_norm", x);
        if (_shape.Pooling != PoolingKind.None)
            _pooled = Pool(hidden);
        if (_shape.Headless)
            return;
        WeightTensor head = _shape.TiedEmbeddings ? embedding : Matrix("output.weight", _shape.Vocabulary, _shape.Width, 1);
        WeightTensor? bias = _shape.HeadBias ? Vector("output.bias", _shape.Vocabulary, 0, 1) : null;
        _logits = Add("output", _shape.Vocabulary, v => new LmHeadNode("output", hidden, v, head) { Bias = bias, Scale = _shape.LogitScale, SoftCap = _shape.LogitSoftCap });
    }

    private GraphValue Layer(string layer, RopeTable? table, GraphValue x)
    {
        GraphValue h = _shape.SumNorms ? x : Norm($"{layer}.attn_norm", x);
        GraphValue a = Linear($"{layer}.attn_output", _shape.Latent == CheckLatent.None ? Attention(layer, table, h) : LatentAttention(layer, table, h), _shape.Width, false);
        GraphValue afterwards = Added(layer, "attn", x, a);
        h = _shape.ParallelResidual ? h : _shape.SumNorms ? afterwards : Norm($"{layer}.ffn_norm", afterwards);
        GraphValue f = _shape.Experts is null ? FeedForward(layer, "ffn", h) : Experts(layer, h, _shape.Experts);
        return Added(layer, "ffn", afterwards, f);
    }

    private GraphValue Added(string layer, string part, GraphValue x, GraphValue y)
    {
        if (_shape.PostNorms)
            y = Norm($"{layer}.{part}_post_norm", y);
        y = Scale($"{layer}.{part}_scale", y, _shape.ResidualScale);
        GraphValue sum = Add($"{layer}.{part}_add", x.Width, v => new AddNode($"{layer}.{part}_add", x, y, v));
        return _shape.SumNorms ? Norm($"{layer}.{part}_sum_norm", sum) : sum;
    }

    private GraphValue Lookup(string name, GraphValue x, EmbedIndex index, int rows, int offset)
    {
        WeightTensor weight = Matrix($"{name}.weight", rows, _shape.Width, 1);
        GraphValue found = Add(name, _shape.Width, v => new EmbedNode(name, v, weight) { Index = index, Offset = offset });
        return Add($"{name}_add", _shape.Width, x, found);
    }

    private GraphValue Pool(GraphValue hidden)
    {
        GraphValue x = Add("pool", hidden.Width, v => new PoolNode("pool", hidden, v, _shape.Pooling));
        if (!_shape.PoolHead)
            return x;
        GraphValue dense = Linear("cls", x, _shape.Width, true);
        GraphValue act = Add("cls_act", _shape.Width, v => new ActivationNode("cls_act", dense, v, _shape.PoolActivation));
        return Linear("cls.output", Norm("cls.norm", act), Scores, true);
    }

    private GraphValue FeedForward(string layer, string part, GraphValue h)
    {
        int inner = _shape.FeedForward;
        GraphValue act;
        if (_shape.PlainFeedForward)
        {
            GraphValue up = Linear($"{layer}.{part}_up", h, inner, true);
            act = Add($"{layer}.{part}_act", inner, o => new ActivationNode($"{layer}.{part}_act", up, o, _shape.Activation));
        }
        else
        {
            GraphValue gate, up;
            if (_shape.FusedProjections)
            {
                GraphValue both = Linear($"{layer}.{part}_up", h, 2 * inner, _shape.Biases);
                gate = Slice($"{layer}.{part}_gate_part", both, inner, 1, 0);
                up = Slice($"{layer}.{part}_up_part", both, inner, 1, inner);
            }
            else
                (gate, up) = (Linear($"{layer}.{part}_gate", h, inner, false), Linear($"{layer}.{part}_up", h, inner, false));
            act = Add($"{layer}.{part}_act", inner, o => new GatedActivationNode($"{layer}.{part}_act", gate, up, o, _shape.Activation) { Limit = _shape.ActivationLimit });
        }
        return Linear($"{layer}.{part}_down", act, _shape.Width, _shape.PlainFeedForward);
    }

    private GraphValue Experts(string layer, GraphValue h, CheckExperts experts)
    {
        int inner = experts.Inner == 0 ? _shape.FeedForward : experts.Inner, count = experts.Count, width = _shape.Width;
        GraphValue router = Linear($"{layer}.ffn_gate_inp", h, count, experts.Biases);
        string name = $"{layer}.ffn_exps";
        bool isFused = experts.Rows != GateUpRows.Separate;
        int rows = isFused ? 2 * inner : inner;
        WeightTensor gate = ExpertMatrix($"{layer}.ffn_gate_exps.weight", experts, rows, width);
        WeightTensor up = isFused ? gate : ExpertMatrix($"{layer}.ffn_up_exps.weight", experts, inner, width);
        WeightTensor down = ExpertMatrix($"{layer}.ffn_down_exps.weight", experts, width, inner);
        GraphValue mixture = Add(name, width, v => new MixtureOfExpertsNode(name, h, router, v, gate, up, down, experts.Routing, _shape.Activation)
        {
            Rows = experts.Rows,
            GateBias = experts.Biases ? Vector($"{layer}.ffn_gate_exps.bias", count * rows, 0, 0.5, count) : null,
            UpBias = experts.Biases && !isFused ? Vector($"{layer}.ffn_up_exps.bias", count * inner, 0, 0.5, count) : null,
            DownBias = experts.Biases ? Vector($"{layer}.ffn_down_exps.bias", count * width, 0, 0.5, count) : null,
            SelectionBias = experts.SelectionBias ? Vector($"{layer}.exp_probs_b.bias", count, 0, 0.3) : null,
            Limit = _shape.ActivationLimit,
        });
        return experts.Shared ? Add($"{layer}.ffn_shared_add", width, FeedForward(layer, "ffn_shexp", h), mixture) : mixture;
    }

    private WeightTensor ExpertMatrix(string name, CheckExperts experts, int rows, int columns)
    {
        double deviation = 1 / Math.Sqrt(columns);
        if (!experts.Stacked)
            return Matrix(name, [experts.Count, rows, columns], deviation);
        WeightTensor[] slices = [.. Enumerable.Range(0, experts.Count).Select(e => Matrix($"{name}.{e}", [rows, columns], deviation))];
        return new WeightTensor { Name = name, Shape = [experts.Count, rows, columns], Quantization = slices[0].Quantization, Parts = [.. slices.SelectMany(s => s.Parts)], Stack = slices };
    }

    private GraphValue Norm(string name, GraphValue x)
    {
        WeightTensor weight = Vector($"{name}.weight", x.Width, _shape.Norm == CheckNorm.RmsOffset ? 0 : 1);
        if (_shape.Norm is CheckNorm.Rms or CheckNorm.RmsOffset)
            return Add(name, x.Width, v => new RmsNormNode(name, x, v, weight, 1e-5f) { WeightIsOffset = _shape.Norm == CheckNorm.RmsOffset });
        WeightTensor? bias = _shape.Norm == CheckNorm.LayerBias ? Vector($"{name}.bias", x.Width, 0) : null;
        return Add(name, x.Width, v => new LayerNormNode(name, x, v, weight, bias, 1e-5f));
    }

    private GraphValue Linear(string name, GraphValue x, int rows, bool bias)
    {
        WeightTensor weight = Matrix($"{name}.weight", rows, x.Width, 1 / Math.Sqrt(x.Width));
        WeightTensor? offset = bias ? Vector($"{name}.bias", rows, 0) : null;
        return Add(name, rows, v => new LinearNode(name, x, v, weight, offset));
    }

    private GraphValue Scale(string name, GraphValue x, float factor) => factor == 1 ? x : Add(name, x.Width, v => new ScaleNode(name, x, v, factor));

    private GraphValue Slice(string name, GraphValue x, int width, int groups, int offset) => Add(name, width, v => new SliceNode(name, x, v, groups, offset));

    private GraphValue Concat(string name, GraphValue a, GraphValue b, int groups, bool shared) =>
        Add(name, a.Width + (shared ? groups : 1) * b.Width, v => new ConcatNode(name, a, b, v, groups, shared));

    private GraphValue Add(string name, int width, GraphValue a, GraphValue b) => Add(name, width, v => new AddNode(name, a, b, v));
}
