namespace Tessera.Format.Gguf.Writing;

/// <summary>What is known of llama.cpp's architectures: which there are for the canonical names, and what their loaders do not read.</summary>
internal static class WriterArchitectures
{
    private static readonly string[] Known =
    [
        "llama", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "gemma", "gemma2", "gemma3", "phi2", "phi3", "gpt-oss", "deepseek2", "granite", "granitemoe", "smollm3",
        "command-r", "cohere2", "chatglm", "glm4", "starcoder2", "stablelm", "olmo2", "bert", "nomic-bert",
    ];

    private static readonly string[] WithWindow = ["gemma2", "gemma3", "phi3", "gpt-oss", "cohere2", "olmo2"];
    private static readonly string[] WithLayerNorm = ["phi2", "command-r", "cohere2", "starcoder2", "stablelm", "bert", "nomic-bert"];
    private static readonly string[] WithScale = ["granite", "granitemoe"];

    /// <summary>The architecture of a file for a model.</summary>
    /// <exception cref="UnsupportedModelException">llama.cpp has none; the text lists those that there are.</exception>
    public static string Named(string canonical) => canonical switch
    {
        // Files of Mistral call it Llama.
        "mistral" => "llama",
        _ when Known.Contains(canonical) => canonical,
        _ => throw new UnsupportedModelException($"gguf: architecture '{canonical}' cannot be written; there are: {string.Join(", ", Known)}"),
    };

    /// <summary>Whether the norms are layer norms, whose epsilon has a key of its own.</summary>
    public static bool HasLayerNorm(string architecture) => WithLayerNorm.Contains(architecture);

    /// <summary>The nonlinearity of an encoder's feed-forward, which its files do not say; null: the architecture is no encoder's.</summary>
    public static Activation? EncoderActivation(string architecture) => architecture switch
    {
        "bert" => Activation.Gelu,
        "nomic-bert" => Activation.Silu,
        _ => null,
    };

    /// <summary>The first layer whose rotation is not what llama.cpp takes for SmolLM3, which leaves out every fourth; null: all are.</summary>
    public static int? OddRotation(ModelMetadata m)
    {
        const int Period = 4;
        double[] rotates = m.ExtraLists.GetValueOrDefault("rope.layers") ?? [];
        return Enumerable.Range(0, rotates.Length).Cast<int?>().FirstOrDefault(i => rotates[i!.Value] != 0 != ((i.Value + 1) % Period != 0));
    }

    /// <summary>Whether a sliding window can be said.</summary>
    public static bool HasWindow(string architecture) => WithWindow.Contains(architecture);

    /// <summary>Whether the scale of the scores is read from the file.</summary>
    public static bool HasScale(string architecture) => WithScale.Contains(architecture);

    /// <summary>The first layer without experts, or null.</summary>
    public static int? DenseLayer(ModelSource source)
    {
        HashSet<int> routed = [.. source.Tensors.Where(t => t.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal)).Select(t => TensorRoles.Layer(t.Name))];
        return Enumerable.Range(0, source.Metadata.LayerCount).Cast<int?>().FirstOrDefault(i => !routed.Contains(i!.Value));
    }

    /// <summary>What query · key is multiplied with where the file does not say.</summary>
    public static float Scale(string architecture, ModelMetadata m)
    {
        int heads = Math.Max(1, m.Attention.HeadCount), head = m.Attention.KeyLength == 0 ? m.EmbeddingLength / heads : m.Attention.KeyLength;
        // The 27B models' scale follows from their width.
        bool isOfWidth = (architecture, m.LayerCount) is ("gemma2", 46) or ("gemma3", 62);
        return 1 / MathF.Sqrt(isOfWidth ? m.EmbeddingLength / heads : head);
    }
}
