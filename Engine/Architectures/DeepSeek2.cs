using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>
/// DeepSeek-V2 (arXiv 2405.04434) and V3 (arXiv 2412.19437): latent attention; dense layers first, then layers of shared and routed experts.
/// V2 scores by softmax and judges a group by its best expert; V3 scores by sigmoid, with a bias where experts are chosen, and judges a group by its best two.
/// </summary>
public sealed class DeepSeek2 : IModelArchitecture
{
    private const int SoftmaxGating = 1, SigmoidGating = 2;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["deepseek2"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source);
        ModelMetadata m = model.Metadata;
        if (Hyperparameters.Extra(m, "attention.temperature_scale", 0, 0, double.MaxValue) != 0)
            throw new UnsupportedModelException($"{m.Architecture}.attention.temperature_scale: attention whose temperature changes with the position is not available for this family");
        LatentAttention attention = Attention(model);
        int dense = (int)Hyperparameters.Extra(m, "leading_dense_block_count", 0, 0, model.LayerCount);
        int shared = (int)Hyperparameters.Extra(m, "expert_shared_count", 0, 0, 4096);
        Experts? experts = dense == model.LayerCount ? null : new(model, Scoring(m), normalize: Hyperparameters.Extra(m, "expert_weights_norm", 0, 0, 1) != 0);
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i);
            GraphValue h = layer.RmsNorm("attn_norm", x);
            h = layer.AttentionOutput(attention.Attend(layer, h));
            x = layer.Add("attn_add", x, h);
            h = layer.RmsNorm("ffn_norm", x);
            if (i < dense)
                h = layer.GatedFeedForward(h, Activation.Silu);
            else
            {
                GraphValue mixed = experts!.Mix(layer, h, Activation.Silu);
                h = shared == 0 ? mixed : experts.AddShared(layer, mixed, h, shared);
            }
            x = layer.Add("ffn_add", x, h);
        }
        return model.Finish(model.RmsNorm(x));
    }

    /// <summary>YaRN's magnitude m = 1 + 0.1 · c · ln(factor) goes, squared, into the scores instead of into the rotation, where the file has c (as 0.1 · c).</summary>
    private static LatentAttention Attention(Decoder model)
    {
        const string Key = "rope.scaling.yarn_log_multiplier";
        ModelMetadata m = model.Metadata;
        RopeTable rope = model.Rope();
        double multiplier = Hyperparameters.Extra(m, Key, 0, 0, 1e3);
        if (m.Rope.Scaling != RopeScaling.Yarn || m.Rope.Factor <= 1 || multiplier == 0)
            return new LatentAttention(model, rope, 1);
        double magnitude = 1 + multiplier * Math.Log(m.Rope.Factor);
        return new LatentAttention(model, rope with { Magnitude = m.Rope.AttentionFactor == 0 ? 1 : m.Rope.AttentionFactor }, magnitude * magnitude);
    }

    private static ExpertScoring Scoring(ModelMetadata m)
    {
        const string Key = "expert_gating_func";
        return Hyperparameters.Extra(m, Key, 0, 0, int.MaxValue) switch
        {
            0 or SoftmaxGating => ExpertScoring.Softmax,
            SigmoidGating => ExpertScoring.Sigmoid,
            double other => throw new UnsupportedModelException($"{m.Architecture}.{Key}: expected {SoftmaxGating} (softmax) or {SigmoidGating} (sigmoid), found {other}"),
        };
    }
}
