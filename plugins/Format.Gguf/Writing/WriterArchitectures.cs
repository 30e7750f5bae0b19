namespace Tessera.Format.Gguf.Writing;

/// <summary>What is known of llama.cpp's architectures: which there are for the canonical names, and what their loaders do not read.</summary>
internal static class WriterArchitectures
{
    /// <summary>ModernBERT's name.</summary>
    public const string ModernBert = "modern-bert";

    private static readonly string[] Known =
    [
        "llama", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "gemma", "gemma2", "gemma3", "phi2", "phi3", "gpt-oss", "deepseek2", "granite", "granitemoe", "smollm3",
        "command-r", "cohere2", "chatglm", "glm4", "starcoder2", "stablelm", "olmo2", "bert", "nomic-bert", ModernBert,
    ];

    private static readonly string[] WithWindow = ["gemma2", "gemma3", "phi3", "gpt-oss", "cohere2", "olmo2", ModernBert];
    private static readonly string[] WithLayerNorm = ["phi2", "command-r", "cohere2", "starcoder2", "stablelm", "bert", "nomic-bert", ModernBert];
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

    /// <summary>Whether rows see their whole sequence.</summary>
    public static bool IsEncoder(string architecture) => architecture is "bert" or "nomic-bert" or ModernBert;

    /// <summary>Whether llama.cpp wants to know the number of token types even where there is no table of them.</summary>
    public static bool NeedsTokenTypes(string architecture) => architecture is "bert" or "nomic-bert";

    /// <summary>The nonlinearity of the feed-forward of encoders whose files do not say it; null: they do, or the architecture is no encoder's.</summary>
    public static Activation? EncoderActivation(string architecture) => architecture switch
    {
        "bert" => Activation.Gelu,
        "nomic-bert" => Activation.Silu,
        _ => null,
    };

    /// <summary>The rows that a classifier reads.</summary>
    public static PoolingKind ClassifierPooling(string architecture) => architecture == ModernBert ? PoolingKind.Mean : IsEncoder(architecture) ? PoolingKind.First : PoolingKind.Last;

    /// <summary>Refuses a model with parts that llama.cpp's loader of the architecture has no place for.</summary>
    /// <exception cref="UnsupportedModelException">There is such a part; the text names it.</exception>
    public static void Check(string architecture, ModelSource source)
    {
        if (architecture != ModernBert)
            return;
        if (source.Tensors.FirstOrDefault(t => t.Name.EndsWith(".bias", StringComparison.Ordinal) && t.Name != "cls.output.bias") is { } bias)
            throw new UnsupportedModelException($"gguf: tensor '{bias.Name}' cannot be written: llama.cpp's {architecture} has no place for it");
        if (source.Metadata.Rope.Scaling != RopeScaling.None)
            throw new UnsupportedModelException($"gguf: rotation of kind {source.Metadata.Rope.Scaling} cannot be written for {architecture}: llama.cpp does not scale that of the layers with a window");
    }

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
