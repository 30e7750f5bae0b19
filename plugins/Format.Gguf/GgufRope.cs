namespace Tessera.Format.Gguf;

/// <summary>Maps the rotary position embedding. GGUF does not say which elements rotate together; that follows from the architecture.</summary>
internal static class GgufRope
{
    /// <summary>Maps the keys of a file.</summary>
    public static RopeMetadata Read(GgufMetadata metadata, string architecture)
    {
        float factor = metadata.Number(metadata.Own("rope.scaling.factor"));
        float oldFactor = metadata.Number(metadata.Own("rope.scale_linear"));
        if (factor == 0)
            factor = oldFactor;
        return new RopeMetadata
        {
            Pairing = Pairing(architecture),
            Dimensions = metadata.Integer(metadata.Own("rope.dimension_count")),
            Base = metadata.Number(metadata.Own("rope.freq_base")),
            Scaling = Scaling(metadata, factor),
            Factor = factor,
            OriginalContextLength = metadata.Integer(metadata.Own("rope.scaling.original_context_length")),
            AttentionFactor = AttentionFactor(metadata),
            BetaFast = metadata.Number(metadata.Own("rope.scaling.yarn_beta_fast")),
            BetaSlow = metadata.Number(metadata.Own("rope.scaling.yarn_beta_slow")),
            ExtrapolationFactor = metadata.Number(metadata.Own("rope.scaling.yarn_ext_factor")),
        };
    }

    /// <summary>A factor without a type is the old way to say linear.</summary>
    private static RopeScaling Scaling(GgufMetadata metadata, float factor)
    {
        string key = metadata.Own("rope.scaling.type");
        string? type = metadata.Text(key);
        switch (type)
        {
            case null: return factor is not 0 and not 1 ? RopeScaling.Linear : RopeScaling.None;
            case "none": return RopeScaling.None;
            case "linear": return RopeScaling.Linear;
            case "yarn": return RopeScaling.Yarn;
            case "longrope": return RopeScaling.LongRope;
            case "dynamic": return RopeScaling.Dynamic;
            default:
                metadata.Problem(key, "none, linear, yarn, longrope or dynamic", $"'{type}'");
                return RopeScaling.None;
        }
    }

    /// <summary>The product of both keys; 0 where there is neither.</summary>
    private static float AttentionFactor(GgufMetadata metadata)
    {
        float general = metadata.Number(metadata.Own("rope.scaling.attn_factor"));
        float yarn = metadata.Number(metadata.Own("rope.scaling.yarn_attn_factor"));
        return general == 0 ? yarn : yarn == 0 ? general : general * yarn;
    }

    /// <summary>Which elements rotate together in files of an architecture.</summary>
    public static RopePairing Pairing(string architecture) => architecture switch
    {
        // Architectures whose query and key rows the converters lay out for neighbouring pairs. All others that rotate use halves.
        "llama" or "llama4" or "llama-embed" or "llada" or "deci" or "smollm3" or "arcee" or "mistral3" or "mistral4"
            or "baichuan" or "xverse" or "internlm2" or "minicpm" or "plm" or "nanbeige" or "maincoder"
            or "command-r" or "cohere2" or "cohere2moe" or "olmo" or "arctic" or "gptj" or "starcoder"
            or "deepseek" or "deepseek2" or "deepseek2-ocr" or "deepseek32" or "deepseek4"
            or "chatglm" or "glm4" or "glm-dsa" or "granite" or "granitemoe" or "granitehybrid"
            or "graniteswitch" or "granite_swa" or "mistral" or "chameleon" or "bailingmoe" or "bailingmoe3" or "neo-bert"
            or "ernie4_5" or "ernie4_5-moe" or "eagle3" or "muse-glimmer" or "dots3note" or "pockettts" or "hy_v4" => RopePairing.Interleaved,
        _ => RopePairing.Halves,
    };
}
