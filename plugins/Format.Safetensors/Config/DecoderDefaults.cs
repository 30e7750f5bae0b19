namespace Tessera.Format.Safetensors.Config;

/// <summary>What a family's configuration class takes where config.json is silent.</summary>
internal sealed record DecoderDefaults
{
    /// <summary><c>vocab_size</c>.</summary>
    public required int Vocabulary { get; init; }

    /// <summary><c>hidden_size</c>.</summary>
    public required int Width { get; init; }

    /// <summary><c>intermediate_size</c>.</summary>
    public required int Inner { get; init; }

    /// <summary><c>num_hidden_layers</c>.</summary>
    public required int Layers { get; init; }

    /// <summary><c>num_attention_heads</c>.</summary>
    public required int Heads { get; init; }

    /// <summary><c>num_key_value_heads</c>; 0: as many as there are heads.</summary>
    public int KeyHeads { get; init; }

    /// <summary><c>head_dim</c>; 0: width / heads.</summary>
    public int HeadLength { get; init; }

    /// <summary><c>max_position_embeddings</c>.</summary>
    public required int Context { get; init; }

    /// <summary>The epsilon of the norms.</summary>
    public double Epsilon { get; init; } = 1e-6;

    /// <summary>The key of the epsilon.</summary>
    public string EpsilonKey { get; init; } = "rms_norm_eps";

    /// <summary>The key of the nonlinearity.</summary>
    public string ActivationKey { get; init; } = "hidden_act";

    /// <summary>The nonlinearity.</summary>
    public string Activation { get; init; } = "silu";

    /// <summary><c>tie_word_embeddings</c>.</summary>
    public bool Tied { get; init; }

    /// <summary><c>sliding_window</c>; 0: none.</summary>
    public int Window { get; init; }

    /// <summary><c>max_window_layers</c>: so many layers are without the window, where it is used.</summary>
    public int WindowLayers { get; init; } = 28;

    /// <summary><c>rope_theta</c>.</summary>
    public double RopeBase { get; init; } = 10_000;

    /// <summary><c>partial_rotary_factor</c>.</summary>
    public double PartialRotary { get; init; } = 1;

    /// <summary>Whether the class takes a scaling of type <c>yarn</c> for LongRoPE.</summary>
    public bool YarnIsLongRope { get; init; }

    /// <summary>Which elements of a head rotate together.</summary>
    public RopePairing Pairing { get; init; } = RopePairing.Halves;
}
