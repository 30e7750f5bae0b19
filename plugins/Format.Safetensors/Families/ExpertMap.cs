namespace Tessera.Format.Safetensors.Families;

/// <summary>The names of a layer's experts, in all the ways in which folders store them.</summary>
internal static class ExpertMap
{
    /// <summary>Names gate, up and down matrices.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="module">The module that the experts are in.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="gate">The gate's name in an expert of its own.</param>
    /// <param name="up">Up's.</param>
    /// <param name="down">Down's.</param>
    public static void Add(LayerMap layer, string module, int count, string gate = "gate_proj", string up = "up_proj", string down = "down_proj")
    {
        // MLX joins them under one of these names.
        foreach (string joined in (ReadOnlySpan<string>)[$"{module}.switch_mlp", $"{module}.experts"])
            if (layer.Has($"{joined}.gate_proj.weight"))
            {
                layer.Add($"{joined}.gate_proj", "ffn_gate_exps");
                layer.Add($"{joined}.up_proj", "ffn_up_exps");
                layer.Add($"{joined}.down_proj", "ffn_down_exps");
                return;
            }
        if (AddFused(layer, $"{module}.experts"))
            return;
        Stack(gate, "ffn_gate_exps");
        Stack(up, "ffn_up_exps");
        Stack(down, "ffn_down_exps");

        void Stack(string name, string canonical) =>
            layer.Stack(Enumerable.Range(0, count).Select(e => $"{module}.experts.{e}.{name}.weight"), canonical + ".weight");
    }

    /// <summary>Names joined experts with gate and up in one tensor; false where there are none.</summary>
    public static bool AddFused(LayerMap layer, string experts)
    {
        // A plain tensor has the module's name, one that a scheme has made a weight's.
        foreach (string ending in (ReadOnlySpan<string>)["", ".weight"])
            if (layer.Has($"{experts}.gate_up_proj{ending}"))
            {
                layer.AddTensor($"{experts}.gate_up_proj{ending}", "ffn_gate_up_exps.weight");
                layer.AddTensor(layer.Has($"{experts}.down_proj.weight") ? $"{experts}.down_proj.weight" : $"{experts}.down_proj", "ffn_down_exps.weight");
                return true;
            }
        return false;
    }
}
