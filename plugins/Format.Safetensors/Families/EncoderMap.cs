namespace Tessera.Format.Safetensors.Families;

/// <summary>The names of an encoder's tensors: behind a prefix, which a bare encoder's lack, and with norms under the old names where the folder has them.</summary>
internal sealed class EncoderMap
{
    private readonly WeightMap _map;
    private readonly string _prefix;

    /// <summary>Begins a map.</summary>
    /// <param name="map">The folder's.</param>
    /// <param name="embedding">The token embedding's name behind the prefix.</param>
    /// <param name="prefixes">What names may begin with.</param>
    public EncoderMap(WeightMap map, string embedding, params ReadOnlySpan<string> prefixes)
    {
        _map = map;
        _prefix = "";
        foreach (string prefix in prefixes)
            if (map.HasFull(prefix + embedding))
                _prefix = prefix;
        AddTensor(embedding, "token_embd.weight");
        // A buffer that older versions saved.
        _map.Ignore($"{_prefix}embeddings.position_ids");
    }

    /// <summary>Whether the encoder has a tensor.</summary>
    public bool Has(string stored) => _map.HasFull(_prefix + stored);

    /// <summary>A tensor of the encoder by its whole name.</summary>
    public void AddTensor(string stored, string canonical) => _map.AddFull(_prefix + stored, canonical);

    /// <summary>A module's weight and, unless it has none, bias.</summary>
    public void Add(string module, string canonical, bool bias = true) => AddBeside(_prefix + module, canonical, bias);

    /// <summary>A norm, whose parts were once named gamma and beta.</summary>
    public void AddNorm(string module, string canonical)
    {
        bool isOld = Has($"{module}.gamma");
        AddTensor($"{module}.{(isOld ? "gamma" : "weight")}", $"{canonical}.weight");
        AddTensor($"{module}.{(isOld ? "beta" : "bias")}", $"{canonical}.bias");
    }

    /// <summary>A module that stands beside the encoder, such as a classifier.</summary>
    public void AddBeside(string module, string canonical, bool bias = true)
    {
        _map.AddFull($"{module}.weight", $"{canonical}.weight");
        if (bias)
            _map.AddFull($"{module}.bias", $"{canonical}.bias");
    }

    /// <summary>A module of the encoder that is not needed.</summary>
    public void Ignore(string module) => _map.Ignore($"{_prefix}{module}.weight", $"{_prefix}{module}.bias");

    /// <summary>The layers of BERT and its descendants.</summary>
    public void AddBertLayers(int layers)
    {
        for (int i = 0; i < layers; i++)
        {
            string stored = $"encoder.layer.{i}.", canonical = $"blk.{i}.";
            Add($"{stored}attention.self.query", $"{canonical}attn_q");
            Add($"{stored}attention.self.key", $"{canonical}attn_k");
            Add($"{stored}attention.self.value", $"{canonical}attn_v");
            Add($"{stored}attention.output.dense", $"{canonical}attn_output");
            AddNorm($"{stored}attention.output.LayerNorm", $"{canonical}attn_output_norm");
            Add($"{stored}intermediate.dense", $"{canonical}ffn_up");
            Add($"{stored}output.dense", $"{canonical}ffn_down");
            AddNorm($"{stored}output.LayerNorm", $"{canonical}layer_output_norm");
        }
    }

    /// <summary>The embeddings of BERT and its descendants.</summary>
    public void AddBertEmbeddings()
    {
        AddTensor("embeddings.position_embeddings.weight", "position_embd.weight");
        AddTensor("embeddings.token_type_embeddings.weight", "token_types.weight");
        AddNorm("embeddings.LayerNorm", "token_embd_norm");
    }
}
