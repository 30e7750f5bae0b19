namespace Tessera.Format.Gguf.Writing;

/// <summary>Writes canonical metadata as keys: the inverse of <see cref="GgufMetadata"/>.</summary>
internal sealed class ModelKeys(HeaderBuilder header, string architecture, List<string> notes)
{
    private const string Pattern = "attention.sliding_window_pattern", ExpertInner = "expert_feed_forward_length";

    // Said by the tensors themselves.
    private const string PositionOffset = TensorPlan.PositionOffset;

    private static readonly string[] Bools = ["use_parallel_residual", "expert_weights_norm", "attention.causal", "rope.scaling.finetuned"];
    private static readonly string[] Numbers =
    [
        "embedding_scale", "residual_scale", "logit_scale", "final_logit_softcapping", "attn_logit_softcapping", "router_logit_softcapping", "expert_weights_scale",
        "rope.freq_base_swa", "rope.scaling.yarn_log_multiplier", "attention.clamp_kqv", "attention.temperature_scale", "swiglu_limit",
    ];

    /// <summary>Adds all keys of a model.</summary>
    /// <param name="m">The metadata.</param>
    /// <param name="name">What the model is called where it does not say.</param>
    /// <param name="vocabulary">Rows of the embedding.</param>
    public void Add(ModelMetadata m, string name, long vocabulary)
    {
        header.Add("general.architecture", architecture);
        header.Add("general.type", "model");
        header.Add("general.name", m.Name ?? name);
        if (m.Description is { Length: > 0 } description)
            header.Add("general.description", description);
        AddSampling(m.Sampling);
        Add("vocab_size", vocabulary);
        Add("context_length", Context(m));
        Add("embedding_length", m.EmbeddingLength);
        Add("block_count", m.LayerCount);
        Add("feed_forward_length", m.FeedForwardLength);
        AddAttention(m);
        Add(WriterArchitectures.HasLayerNorm(architecture) ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", m.NormEpsilon);
        if (architecture != "bert")
            new RopeKeys(header, Own, notes).Add(m, architecture);
        AddExtra(m);
        new PoolingKeys(header, Own, notes).Add(m, architecture);
    }

    private string Own(string key) => $"{architecture}.{key}";

    private void Add(string key, long value) => header.Add(Own(key), checked((uint)value));

    private void Add(string key, float value) => header.Add(Own(key), value);

    private void AddAttention(ModelMetadata m)
    {
        AttentionMetadata a = m.Attention;
        Add("attention.head_count", a.HeadCount);
        Add("attention.head_count_kv", a.KeyValueHeadCount == 0 ? a.HeadCount : a.KeyValueHeadCount);
        if (a.KeyLength != 0)
            Add("attention.key_length", a.KeyLength);
        if (a.KeyLength != 0 || a.ValueLength != 0)
            Add("attention.value_length", a.ValueLength == 0 ? a.KeyLength : a.ValueLength);
        if (a.SlidingWindow != 0 && WriterArchitectures.HasWindow(architecture))
            Add("attention.sliding_window", a.SlidingWindow);
        if (architecture == "phi3" && a.SlidingWindow > 0 && a.SlidingWindow < m.ContextLength)
            notes.Add($"sliding window of {a.SlidingWindow} tokens: llama.cpp does not use it for phi3, and sees all of its context");
        if (a.LogitSoftCap != 0)
            Add("attn_logit_softcapping", a.LogitSoftCap);
        if (a.Scale == 0)
            return;
        float usual = WriterArchitectures.Scale(architecture, m);
        if (WriterArchitectures.HasScale(architecture) || Differs(a.Scale, usual))
            Add("attention.scale", a.Scale);
        if (!WriterArchitectures.HasScale(architecture) && Differs(a.Scale, usual))
            notes.Add($"attention.scale {a.Scale}: llama.cpp does not read it for {architecture} and takes {usual}");
    }

    /// <summary>Without a key for its window a model is what it was only for texts that are no longer.</summary>
    private int Context(ModelMetadata m)
    {
        int window = WriterArchitectures.HasWindow(architecture) ? 0 : m.Attention.SlidingWindow;
        if (window > 0 && window < m.ContextLength)
        {
            notes.Add($"context {m.ContextLength} becomes {window}: {architecture} files have no sliding window, and up to its {window} tokens it hides nothing");
            return window;
        }
        if (m.Rope.Scaling == RopeScaling.Dynamic && m.Rope.OriginalContextLength is > 0 and var original && original < m.ContextLength)
        {
            notes.Add($"context {m.ContextLength} becomes {original}: llama.cpp has no dynamic scaling of rotations, and up to {original} tokens there is none");
            return original;
        }
        return m.ContextLength;
    }

    private void AddExtra(ModelMetadata m)
    {
        foreach ((string key, double[] values) in m.ExtraLists)
            if (key != Pattern)
                AddList(key, values);
            else if (WriterArchitectures.HasWindow(architecture))
                header.AddBools(Own(key), [.. values.Select(v => v != 0)]);
        foreach ((string key, double value) in m.Extra)
            if (m.ExtraLists.ContainsKey(key) || key == PositionOffset || (key == Pattern && !WriterArchitectures.HasWindow(architecture)))
                continue;
            else if (Bools.Contains(key))
                header.Add(Own(key), value != 0);
            else if (!Numbers.Contains(key) && value >= 0 && value <= uint.MaxValue && Math.Floor(value) == value)
                Add(key, (long)value);
            else
                Add(key, (float)value);
        if (m.Extra.GetValueOrDefault("expert_count") > 0 && !m.Extra.ContainsKey(ExpertInner) && !m.ExtraLists.ContainsKey(ExpertInner))
            Add(ExpertInner, m.FeedForwardLength);
        if (architecture == "qwen3moe" && m.Extra.TryGetValue("expert_weights_norm", out double norm) && norm == 0)
            notes.Add("expert_weights_norm false: llama.cpp does not read it for qwen3moe and divides the experts' weights by their sum");
    }

    private void AddList(string key, double[] values)
    {
        if (Array.TrueForAll(values, v => v >= 0 && v <= int.MaxValue && Math.Floor(v) == v))
            header.AddIntegers(Own(key), [.. values.Select(v => (int)v)]);
        else
            header.AddFloats(Own(key), [.. values.Select(v => (float)v)]);
    }

    private void AddSampling(SamplingDefaults s)
    {
        const string Prefix = "general.sampling.";
        foreach ((string key, float? value) in (ReadOnlySpan<(string, float?)>)[("temp", s.Temperature), ("top_p", s.TopP), ("min_p", s.MinP), ("penalty_repeat", s.RepetitionPenalty)])
            if (value is { } number)
                header.Add(Prefix + key, number);
        if (s.TopK is { } k)
            header.AddInteger(Prefix + "top_k", k);
        if (s.TypicalP is { } typical and not 1)
            notes.Add($"typical_p {typical}: GGUF has no key for it");
    }

    private static bool Differs(float a, float b) => Math.Abs(a - b) > 1e-5f * Math.Abs(b);
}
