using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>DeepSeek-V2 (DeepseekV2Config): experts chosen by softmax, with or without groups.</summary>
internal sealed class DeepSeekV2 : IFamily
{
    private const int SoftmaxGating = 1;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["DeepseekV2ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["deepseek_v2"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 32_000, Width = 4096, Inner = 11_008, Layers = 32, Heads = 32, HeadLength = 64, Context = 2048, Pairing = RopePairing.Interleaved,
        });
        c.RequireActivation("silu");
        LatentConfig latent = new(c, new LatentDefaults { ExpertsShared = 2, Experts = 64, ExpertInner = 1407, Used = 0, DenseLayers = 0, Scale = 1, Normalize = false });
        string method = c.Section.Text("topk_method") ?? "greedy";
        if (method is not ("greedy" or "group_limited_greedy"))
            throw c.Section.Bad("topk_method", "greedy or group_limited_greedy", $"'{Errors.Readable(method)}'");
        latent.SetGroups(method == "greedy" ? 1 : c.Integer("n_group", 1, 1), method == "greedy" ? 1 : c.Integer("topk_group", 1, 1));
        c.Extra["expert_gating_func"] = SoftmaxGating;
        return latent.Model(selectionBias: false);
    }
}
