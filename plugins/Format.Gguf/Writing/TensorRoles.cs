using System.Globalization;

namespace Tessera.Format.Gguf.Writing;

/// <summary>What a tensor is for, as far as its type depends on it.</summary>
internal enum TensorRole
{
    Other,
    Embedding,
    Output,
    FusedAttention,
    LatentKeysValues,
    Value,
    Key,
    Query,
    AttentionOutput,
    Down,
}

/// <summary>Reads tensors' names as llama.cpp's quantizer does.</summary>
internal static class TensorRoles
{
    // Small, or used row by row: these never take a block type.
    private static readonly string[] Kept =
    [
        "_norm.weight", "ffn_gate_inp.weight", "ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj", "ssm_conv1d", "shortconv.conv.weight",
        "indexer.k_proj.weight", "indexer.q_proj.weight", "attn_rel_b.weight", ".position_embd", ".rel_pos", ".patch_embd", ".patch_merger",
        "time_mix_first.weight", "time_mix_w", "time_mix_v0", "time_mix_v1", "time_mix_v2", "time_mix_a", "time_mix_g1", "time_mix_g2", "time_mix_decay_w", "time_mix_lerp_fused.weight",
    ];

    private static readonly (string Part, TensorRole Role)[] ByPart =
    [
        ("attn_qkv.weight", TensorRole.FusedAttention), ("attn_kv_b.weight", TensorRole.LatentKeysValues), ("attn_v.weight", TensorRole.Value),
        ("attn_k.weight", TensorRole.Key), ("attn_q.weight", TensorRole.Query), ("attn_output.weight", TensorRole.AttentionOutput), ("ffn_down", TensorRole.Down),
    ];

    /// <summary>The role of a name.</summary>
    public static TensorRole Of(string name)
    {
        if (name == "output.weight")
            return TensorRole.Output;
        if (name is "token_embd.weight" or "per_layer_token_embd.weight")
            return TensorRole.Embedding;
        foreach ((string part, TensorRole role) in ByPart)
            if (name.Contains(part, StringComparison.Ordinal))
                return role;
        return TensorRole.Other;
    }

    /// <summary>Whether a tensor takes the type of its kind of file at all.</summary>
    public static bool IsQuantized(string name, long[] shape) =>
        // ggml does not count outer dimensions of 1.
        shape.SkipWhile(d => d == 1).Count() > 1 && name.EndsWith("weight", StringComparison.Ordinal) && name is not ("position_embd.weight" or "token_types.weight")
        && !Kept.Any(k => name.Contains(k, StringComparison.Ordinal));

    /// <summary>The layer of a tensor; −1: of none.</summary>
    public static int Layer(string name) =>
        name.Split('.') is ["blk", { } index, _, ..] && int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : -1;
}
