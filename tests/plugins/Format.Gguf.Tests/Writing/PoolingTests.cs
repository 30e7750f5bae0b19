using Tessera.Abstractions;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>How texts become vectors, as a GGUF file says it; and what it cannot say.</summary>
public sealed class PoolingTests
{
    [Theory]
    [InlineData("qwen3", PoolingKind.Last, "3")]
    [InlineData("bert", PoolingKind.Mean, "1")]
    [InlineData("nomic-bert", PoolingKind.First, "2")]
    [InlineData("qwen3", PoolingKind.None, null)]
    [InlineData("bert", PoolingKind.None, null)]
    public void The_kind_comes_back(string architecture, PoolingKind kind, string? written)
    {
        using WrittenModel model = new() { Architecture = architecture, Pooling = new() { Kind = kind } };
        WritePlan plan = model.Plan();
        Assert.Single(plan.Notes); // of the tokenizer that is not there
        WrittenModel.Read(plan, read =>
        {
            Assert.Empty(read.Metadata.Problems);
            Assert.Equal((kind, false), (read.Metadata.Pooling.Kind, read.Metadata.Pooling.IsClassifier));
            Assert.Equal(written, read.Properties.GetValueOrDefault($"{architecture}.pooling_type"));
            Assert.Equal(architecture != "qwen3", read.Metadata.Extra.ContainsKey("attention.causal"));
            Assert.Equal(1e-5f, read.Metadata.NormEpsilon);
        });
    }

    [Theory]
    [InlineData("bert", PoolingKind.First, Activation.Tanh, ScoreFunction.Sigmoid, 1)]
    [InlineData("bert", PoolingKind.First, Activation.Tanh, ScoreFunction.Identity, 2)]
    [InlineData("qwen3", PoolingKind.Last, null, ScoreFunction.Softmax, 1)]
    [InlineData("qwen3", PoolingKind.Last, null, ScoreFunction.Sigmoid, 2)]
    public void A_classifier_comes_back(string architecture, PoolingKind kind, Activation? activation, ScoreFunction scores, int notes)
    {
        using WrittenModel model = new() { Architecture = architecture, Pooling = new() { Kind = kind, IsClassifier = true, ClassifierActivation = activation, Scores = scores } };
        WritePlan plan = model.Plan();
        Assert.Equal(notes, plan.Notes.Count);
        WrittenModel.Read(plan, read => Assert.True(read.Metadata.Pooling is { IsClassifier: true } pooling && pooling.Kind == kind && (notes == 2 || pooling.Scores == scores)));
    }

    [Fact]
    public void What_is_lost_is_told()
    {
        using WrittenModel model = new() { Architecture = "bert", Pooling = new() { Kind = PoolingKind.Mean, Normalizes = false, MaxTokens = 100, LowersText = true, Prompts = new Dictionary<string, string> { ["query"] = "find: ", ["passage"] = "" } } };
        IReadOnlyList<string> notes = model.Plan().Notes;
        foreach (string named in new[] { "length 1", "cut to 100 tokens", "lower case", "prompts (passage, query)" })
            Assert.Single(notes, n => n.Contains(named, StringComparison.Ordinal));
    }

    [Fact]
    public void What_would_be_another_vector_is_refused()
    {
        Refuses(new() { Kind = PoolingKind.Mean, Products = [new PooledProduct("dense_2", Activation.Tanh)] }, null, "dense layers");
        Refuses(new() { Kind = PoolingKind.First, IsClassifier = true, ClassifierActivation = Activation.Relu }, null, "Relu");
        Refuses(new() { Kind = PoolingKind.Mean, IsClassifier = true }, null, "Mean");
        Refuses(new() { Kind = PoolingKind.Mean }, Activation.GeluTanh, "GeluTanh");
    }

    [Fact]
    public void Positions_begin_with_the_first_one_s_row()
    {
        using WrittenModel model = new() { Architecture = "bert", Extra = new() { ["position_offset"] = 2 }, Context = 4, More = [("position_embd.weight", [6, 32]), ("token_types.weight", [2, 32])] };
        WritePlan plan = model.Plan();
        WrittenTensor positions = plan.Tensors.Single(t => t.Name == "position_embd.weight"), types = plan.Tensors.Single(t => t.Name == "token_types.weight");
        Assert.Equal([4, 32], positions.Shape);
        Assert.Equal([2, 3, 4, 5], positions.Rows!);
        Assert.Equal(("f32", "f32"), (positions.Quantization, types.Quantization));
        WrittenModel.Read(plan, read =>
        {
            Assert.False(read.Metadata.Extra.ContainsKey("position_offset"));
            Assert.Equal("2", read.Properties["tokenizer.ggml.token_type_count"]);
        });
    }

    [Theory]
    [InlineData("bert", "1")]
    [InlineData("nomic-bert", "1")]
    [InlineData("modern-bert", null)]
    [InlineData("qwen3", null)]
    public void An_encoder_without_token_types_has_one(string architecture, string? written)
    {
        using WrittenModel model = new() { Architecture = architecture };
        WrittenModel.Read(model.Plan(), read => Assert.Equal(written, read.Properties.GetValueOrDefault("tokenizer.ggml.token_type_count")));
    }

    [Theory]
    [InlineData(new double[] { 1, 1, 1, 0 }, null)]
    [InlineData(new double[] { 1, 1, 1, 1 }, "layer 3 rotates")]
    [InlineData(new double[] { 1, 0, 1, 0 }, "layer 1 does not rotate")]
    public void Layers_of_SmolLM3_that_rotate_otherwise_than_llama_cpp_takes_are_told(double[] rotates, string? note)
    {
        using WrittenModel model = new() { Architecture = "smollm3", Layers = 4, Lists = new() { ["rope.layers"] = rotates } };
        IEnumerable<string> notes = model.Plan().Notes.Where(n => n.Contains("rope.layers", StringComparison.Ordinal));
        if (note is null)
            Assert.Empty(notes);
        else
            Assert.Contains(note, Assert.Single(notes), StringComparison.Ordinal);
    }

    private static void Refuses(PoolingMetadata pooling, Activation? activation, string named)
    {
        using WrittenModel model = new() { Architecture = "bert", Pooling = pooling, Activation = activation };
        Assert.Contains(named, Assert.Throws<UnsupportedModelException>(() => model.Plan()).Message, StringComparison.Ordinal);
    }
}
