namespace Tessera.Format.Gguf.Writing;

/// <summary>What llama.cpp's loaders take otherwise than the model has it, or do not take at all, and no key of the file changes.</summary>
internal static class LoaderNotes
{
    // Those of the layer counts by which its loaders tell variants apart.
    private const int NormedCommandR = 64, LongLite = 27, ShortLite = 26;
    private const int Softmax = 1;

    /// <summary>One line for each.</summary>
    public static IEnumerable<string> Of(string architecture, ModelSource source)
    {
        ModelMetadata m = source.Metadata;
        if (UntakenTensors.First(architecture, source) is { } untaken)
            yield return $"tensor '{untaken}': llama.cpp refuses {architecture} files with it, and with others of its kind";
        else if (UntakenTensors.FirstIdle(architecture, source) is { } idle)
            yield return $"tensor '{idle}': llama.cpp leaves it out for {architecture}, and others of its kind";
        if (m.Pooling.IsClassifier && source.Tensors.Any(t => t is { Name: "token_types.weight", Rows: > 1 }))
            yield return "token types: llama.cpp gives every token type 0, so pairs of texts have other scores there";
        if (architecture == "qwen3moe" && WriterArchitectures.DenseLayer(source) is { } dense)
            yield return $"layer {dense} has no experts: llama.cpp does not load qwen3moe files with such layers";
        if (architecture == "smollm3" && WriterArchitectures.OddRotation(m) is { } odd)
            yield return $"rope.layers: layer {odd} {(m.ExtraLists["rope.layers"][odd] != 0 ? "rotates" : "does not rotate")}: llama.cpp does not read it for smollm3 and rotates all but every fourth layer";
        if (architecture == "command-r" && m.LayerCount < NormedCommandR && source.Tensors.Any(t => t.Name.EndsWith("attn_q_norm.weight", StringComparison.Ordinal)))
            yield return $"norms of queries and keys: llama.cpp does not load command-r files with them of less than {NormedCommandR} layers";
        if (architecture != "deepseek2")
            yield break;
        if (m.LayerCount is not (LongLite or ShortLite) && source.Tensors.All(t => !t.Name.EndsWith("attn_q_a.weight", StringComparison.Ordinal)))
            yield return $"queries without a latent: llama.cpp loads such deepseek2 files of {ShortLite} or {LongLite} layers only";
        if (m.Extra.GetValueOrDefault("expert_group_count") > 1 && m.Extra.GetValueOrDefault("expert_gating_func") is 0 or Softmax)
            yield return "groups of experts are chosen by their best one: llama.cpp takes the sum of the two best";
    }
}
