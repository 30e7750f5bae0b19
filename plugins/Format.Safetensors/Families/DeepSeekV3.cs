using Tessera.Format.Safetensors.Config;

namespace Tessera.Format.Safetensors.Families;

/// <summary>DeepSeek-V3 and R1 (DeepseekV3Config): experts chosen in groups by sigmoid, with a bias.</summary>
internal sealed class DeepSeekV3 : IFamily
{
    private const int SigmoidGating = 2;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes { get; } = ["DeepseekV3ForCausalLM"];

    /// <inheritdoc/>
    public IReadOnlyList<string> ModelTypes { get; } = ["deepseek_v3"];

    /// <inheritdoc/>
    public FamilyModel Read(FamilyInput input)
    {
        DecoderConfig c = new(input, new DecoderDefaults
        {
            Vocabulary = 129_280, Width = 7168, Inner = 18_432, Layers = 61, Heads = 128, HeadLength = 64, Context = 4096,
            Pairing = (input.Config.Flag("rope_interleave") ?? true) ? RopePairing.Interleaved : RopePairing.Halves,
        });
        c.RequireActivation("silu");
        LatentConfig latent = new(c, new LatentDefaults { ExpertsShared = 1, Experts = 256, ExpertInner = 2048, Used = 8, DenseLayers = 3, Scale = 2.5, Normalize = true });
        latent.SetGroups(c.Integer("n_group", 8, 1), c.Integer("topk_group", 4, 1));
        c.Extra["expert_gating_func"] = SigmoidGating;
        return latent.Model(selectionBias: true);
    }
}
