using Tessera.Engine.Architectures.Blocks;

namespace Tessera.Engine.Architectures;

/// <summary>
/// gpt-oss (arXiv 2508.10925): biases everywhere, heads with attention sinks (arXiv 2309.17453), every other layer with a window, beginning with the first;
/// clamped SwiGLU experts, weighted by a softmax over the chosen; YaRN with a ramp that is not rounded to whole pairs.
/// </summary>
public sealed class GptOss : IModelArchitecture
{
    private const float ClampLimit = 7;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = ["gpt-oss"];

    /// <inheritdoc/>
    public ModelGraph Build(ModelSource source, int contextLength)
    {
        Decoder model = new(source) { NeedsBiases = true };
        Experts experts = new(model, ExpertScoring.SoftmaxOfChosen, normalize: false);
        RopeTable rope = model.Rope(model.Metadata.Rope with { FractionalRamp = model.Metadata.Rope.FractionalRamp ?? true });
        int window = model.Metadata.Attention.SlidingWindow;
        if (window == 0)
            throw Hyperparameters.Bad(model.Metadata, "attention.sliding_window", "at least 1", window);
        float limit = Hyperparameters.Factor(model.Metadata, "swiglu_limit", ClampLimit);
        GraphValue x = model.Embed();
        for (int i = 0; i < model.LayerCount; i++)
        {
            DecoderLayer layer = model.Layer(i, model.IsLocal(i, period: 2) ? window : 0);
            GraphValue h = layer.RmsNorm("attn_norm", x);
            WeightTensor sinks = model.Graph.Weight(layer.Name("attn_sinks.weight"), layer.Shape.Heads);
            h = layer.AttentionOutput(layer.Attend(layer.Rotate(layer.Project(h), rope), sinks: sinks));
            x = layer.Add("attn_add", x, h);
            h = layer.RmsNorm("post_attention_norm", x);
            h = experts.Mix(layer, h, Activation.ClampedSwiGlu, limit);
            x = layer.Add("ffn_add", x, h);
        }
        return model.Finish(model.RmsNorm(x));
    }
}
