namespace Tessera.Engine.Architectures.Blocks;

/// <summary>
/// Multi-head latent attention (arXiv 2405.04434, section 2.1): keys and values of all heads come from one short latent row, and one rotated key part is shared by all heads.
/// Files with <c>attn_kv_b</c> expand the latent row into keys and values and cache those; files with <c>attn_k_b</c> and <c>attn_v_b</c> cache the latent row itself, as the only key head and its value, and move the two matrices to the query and the output.
/// </summary>
internal sealed class LatentAttention
{
    private const int MostRank = 1 << 16;

    private readonly Decoder _model;
    private readonly int _heads, _queryRank, _latent, _plain, _rotating, _value;
    private readonly RopeTable _rope;
    private readonly float _scale;

    /// <summary>Reads and checks the numbers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rope">The rotation.</param>
    /// <param name="scale">A factor on query · key, beside 1/√(key length).</param>
    /// <exception cref="ModelFormatException">A number is missing or wrong; the text names it.</exception>
    public LatentAttention(Decoder model, RopeTable rope, double scale)
    {
        ModelMetadata m = model.Metadata;
        (_model, _rope, _rotating, _heads) = (model, rope, 2 * rope.Frequencies.Length, model.Shapes[0].Heads);
        _queryRank = (int)Hyperparameters.Extra(m, "attention.q_lora_rank", 0, 0, MostRank);
        _latent = (int)Hyperparameters.Extra(m, "attention.kv_lora_rank", 0, 1, MostRank);
        if (_latent == 0)
            throw Hyperparameters.Bad(m, "attention.kv_lora_rank", $"1 to {MostRank}", "nothing");
        // Files of the absorbed layout say the lengths of the cached head without a suffix.
        int key = (int)Hyperparameters.Extra(m, "attention.key_length_mla", model.Shapes[0].KeyLength, 1, MostRank);
        _value = (int)Hyperparameters.Extra(m, "attention.value_length_mla", model.Shapes[0].ValueLength, 1, MostRank);
        _plain = key - _rotating;
        if (_plain < 1)
            throw Hyperparameters.Bad(m, "attention.key_length or key_length_mla", $"more than the {_rotating} elements that rotate", key);
        if (m.Extra.ContainsKey("attention.key_length_mla") && m.Attention.KeyLength != _latent + _rotating)
            throw Hyperparameters.Bad(m, "attention.key_length", $"kv_lora_rank and rope.dimension_count together ({_latent + _rotating})", m.Attention.KeyLength);
        if (m.Extra.ContainsKey("attention.value_length_mla") && m.Attention.ValueLength != _latent)
            throw Hyperparameters.Bad(m, "attention.value_length", $"kv_lora_rank ({_latent})", m.Attention.ValueLength);
        _scale = (float)(scale / Math.Sqrt(key));
    }

    /// <summary>One layer's attention, without its output product.</summary>
    public GraphValue Attend(DecoderLayer layer, GraphValue x)
    {
        GraphValue query = Query(layer, x);
        GraphValue row = layer.Linear("attn_kv_a_mqa", x, _latent + _rotating);
        GraphValue latent = layer.RmsNorm("attn_kv_a_norm", Slice(layer, "attn_kv_latent", row, 1, 0, _latent));
        GraphValue shared = _model.Graph.Rope(layer.Name("rope_k"), Slice(layer, "attn_k_rope", row, 1, _latent, _rotating), 1, _rope);
        return layer.Has("attn_kv_b.weight") ? Expanded(layer, query, latent, shared) : Absorbed(layer, query, latent, shared);
    }

    /// <summary>Queries, from a short row of their own where the model has one; their last elements rotated.</summary>
    private GraphValue Query(DecoderLayer layer, GraphValue x)
    {
        long width = (long)_heads * (_plain + _rotating);
        GraphValue query = _queryRank > 0
            ? layer.Linear("attn_q_b", layer.RmsNorm("attn_q_a_norm", layer.Linear("attn_q_a", x, _queryRank)), width)
            : layer.Linear("attn_q", x, width);
        return _model.Graph.Rope(layer.Name("rope_q"), query, _heads, _rope, _plain);
    }

    private GraphValue Expanded(DecoderLayer layer, GraphValue query, GraphValue latent, GraphValue shared)
    {
        GraphValue both = layer.Linear("attn_kv_b", latent, (long)_heads * (_plain + _value));
        GraphValue key = _model.Graph.Concat(layer.Name("attn_k"), Slice(layer, "attn_k_plain", both, _heads, 0, _plain), shared, _heads, bIsShared: true);
        GraphValue value = Slice(layer, "attn_v", both, _heads, _plain, _value);
        return layer.Attend(new Qkv(query, key, value), layer.Cache(_heads, _plain + _rotating, _value), _scale);
    }

    private GraphValue Absorbed(DecoderLayer layer, GraphValue query, GraphValue latent, GraphValue shared)
    {
        GraphValue plain = Heads(layer, "attn_k_b", Slice(layer, "attn_q_plain", query, _heads, 0, _plain), _latent, _plain);
        query = _model.Graph.Concat(layer.Name("attn_q_latent"), plain, Slice(layer, "attn_q_rope", query, _heads, _plain, _rotating), _heads);
        GraphValue key = _model.Graph.Concat(layer.Name("attn_k"), latent, shared, 1);
        GraphValue mixed = layer.Attend(new Qkv(query, key, latent), layer.Cache(1, _latent + _rotating, _latent), _scale);
        return Heads(layer, "attn_v_b", mixed, _value, _latent);
    }

    private GraphValue Heads(DecoderLayer layer, string name, GraphValue x, int output, int input) =>
        _model.Graph.HeadLinear(layer.Name(name), x, _model.Graph.Weight(layer.Name($"{name}.weight"), _heads, output, input));

    private GraphValue Slice(DecoderLayer layer, string name, GraphValue x, int groups, int offset, int length) =>
        _model.Graph.Slice(layer.Name(name), x, groups, offset, length);
}
