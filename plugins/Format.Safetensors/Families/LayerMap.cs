namespace Tessera.Format.Safetensors.Families;

/// <summary>The names of one layer's tensors, as most families have them.</summary>
internal sealed class LayerMap(WeightMap map, int index)
{
    private readonly string _stored = $"layers.{index}.", _canonical = $"blk.{index}.";

    /// <summary>Whether the folder has a tensor of the layer.</summary>
    public bool Has(string stored) => map.Has(_stored + stored);

    /// <summary>A module's weight and, if it has one, bias.</summary>
    public void Add(string module, string canonical, bool bias = false) => map.Add(_stored + module, _canonical + canonical, bias);

    /// <summary>A tensor by its whole name within the layer.</summary>
    public void AddTensor(string stored, string canonical) => map.Add(_stored + stored, _canonical + canonical);

    /// <summary>A tensor by its whole name within the layer, whose matrices stand transposed in the files.</summary>
    public void AddTransposed(string stored, string canonical) => map.AddTransposed(_stored + stored, _canonical + canonical);

    /// <summary>Tensors of one shape as one weight with a dimension in front.</summary>
    public void Stack(IEnumerable<string> stored, string canonical) => map.Stack(stored.Select(s => _stored + s), _canonical + canonical);

    /// <summary>The norms before attention and before the feed-forward.</summary>
    public void Norms(string attention, string feedForward, bool bias = false)
    {
        Add(attention, "attn_norm", bias);
        Add(feedForward, "ffn_norm", bias);
    }

    /// <summary>Queries, keys, values and output.</summary>
    /// <param name="bias">Whether queries, keys and values have biases.</param>
    /// <param name="outputBias">Whether the output has one.</param>
    /// <param name="output">The output's name.</param>
    public void Attention(bool bias, bool outputBias, string output = "o_proj")
    {
        Add("self_attn.q_proj", "attn_q", bias);
        Add("self_attn.k_proj", "attn_k", bias);
        Add("self_attn.v_proj", "attn_v", bias);
        Add($"self_attn.{output}", "attn_output", outputBias);
    }

    /// <summary>Gate, up and down.</summary>
    public void GatedFeedForward(bool bias = false)
    {
        Add("mlp.gate_proj", "ffn_gate", bias);
        Add("mlp.up_proj", "ffn_up", bias);
        Add("mlp.down_proj", "ffn_down", bias);
    }
}
