namespace Tessera.Format.Gguf.Writing;

/// <summary>Tensors that models may have and llama.cpp's loaders do not take: a loader refuses a file with a tensor more than it takes.</summary>
internal static class UntakenTensors
{
    private const string Output = "attn_output.bias", Gate = "ffn_gate.bias", Up = "ffn_up.bias", Down = "ffn_down.bias";

    private static readonly string[] Classifiers = ["bert", WriterArchitectures.ModernBert, "qwen3"];

    /// <summary>The first one of a model, or null.</summary>
    public static string? First(string architecture, ModelSource source) => Named(source, architecture switch
    {
        "qwen3" or "qwen3moe" or "gemma" or "gemma2" or "gemma3" or "olmo2" or "command-r" or "cohere2" => [Output],
        "smollm3" => [Output, Gate, Up, Down],
        "deepseek2" => [Output, "attn_q_a.bias", "attn_kv_a_mqa.bias"],
        "nomic-bert" => [Gate],
        _ => [],
    }) ?? (Classifiers.Contains(architecture) ? null : source.Tensors.FirstOrDefault(t => t.Name.StartsWith("cls.", StringComparison.Ordinal))?.Name);

    /// <summary>The first one that is taken and has no part in the model, or null.</summary>
    public static string? FirstIdle(string architecture, ModelSource source) => architecture == "nomic-bert" ? Named(source, [Up, Down]) : null;

    private static string? Named(ModelSource source, string[] parts) =>
        source.Tensors.FirstOrDefault(t => t.Name.Split('.', 3) is ["blk", _, { } part] && parts.Contains(part))?.Name;
}
