using Tessera.Abstractions;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>ModernBERT as llama.cpp's architecture <c>modern-bert</c> has it.</summary>
public sealed class ModernBertTests
{
    private static readonly PoolingMetadata Classifier = new() { Kind = PoolingKind.Mean, IsClassifier = true, ClassifierActivation = Activation.Gelu, Scores = ScoreFunction.Sigmoid };

    [Theory]
    [InlineData(null, "gelu", Activation.Gelu)]
    [InlineData(Activation.Silu, "silu", Activation.Silu)]
    // llama.cpp's relu has no gate.
    [InlineData(Activation.Relu, "reglu", Activation.Relu)]
    [InlineData(Activation.GeluTanh, "gelu_pytorch_tanh", Activation.GeluTanh)]
    public void Its_keys_come_back(Activation? function, string written, Activation read)
    {
        using WrittenModel model = Model(new() { Kind = PoolingKind.First }, function);
        WrittenModel.Read(model.Plan(), source =>
        {
            ModelMetadata m = source.Metadata;
            Assert.Empty(m.Problems);
            Assert.Equal((128, 500f, 50.0, 1e-5f, read, PoolingKind.First), (m.Attention.SlidingWindow, m.Rope.Base, m.Extra["rope.freq_base_swa"], m.NormEpsilon, m.Activation, m.Pooling.Kind));
            Assert.Equal([0, 1, 1], m.ExtraLists["attention.sliding_window_pattern"]);
            Assert.Equal((written, "false"), (source.Properties["modern-bert.hidden_activation"], source.Properties["modern-bert.attention.causal"]));
        });
    }

    [Fact]
    public void A_classifier_reads_the_mean()
    {
        using WrittenModel model = Model(Classifier, null, ("cls.weight", [32, 32]), ("cls.norm.weight", [32]), ("cls.output.weight", [1, 32]), ("cls.output.bias", [1]));
        WrittenModel.Read(model.Plan(), source =>
        {
            Assert.Equal(Classifier, source.Metadata.Pooling with { Prompts = Classifier.Prompts, Products = Classifier.Products });
            Assert.DoesNotContain("modern-bert.classifier.output_labels", source.Properties.Keys);
        });
    }

    [Fact]
    public void Several_labels_are_counted()
    {
        using WrittenModel model = Model(Classifier, null, ("cls.output.weight", [3, 32]));
        WrittenModel.Read(model.Plan(), source => Assert.Contains("LABEL_2", source.Properties["modern-bert.classifier.output_labels"], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("blk.0.attn_qkv.bias")]
    [InlineData("output_norm.bias")]
    [InlineData("cls.bias")]
    public void A_bias_that_it_has_no_place_for_is_named(string name)
    {
        using WrittenModel model = Model(Classifier, null, (name, [32]));
        Assert.Contains($"'{name}'", Assert.Throws<UnsupportedModelException>(() => model.Plan()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_be_another_model_is_refused()
    {
        Refuses(Classifier with { Kind = PoolingKind.First }, null, "First");
        Refuses(Classifier with { ClassifierActivation = Activation.Tanh }, null, "Tanh in place of Gelu");
        Refuses(new(), Activation.Tanh, "Tanh");
        Refuses(new() { Kind = PoolingKind.Mean, Products = [new PooledProduct("dense_2", null)] }, null, "dense layers");
        Refuses(new(), null, "Linear", RopeScaling.Linear);
    }

    [Fact]
    public void An_unknown_nonlinearity_is_a_problem_of_the_file()
    {
        using WrittenModel model = Model(new(), null);
        byte[] file = WrittenModel.Bytes(model.Plan());
        int at = file.AsSpan().IndexOf("hidden_activation"u8) + "hidden_activation"u8.Length + sizeof(uint) + sizeof(ulong);
        "mish"u8.CopyTo(file.AsSpan(at));
        SmallModel.Open(file, source => Assert.Contains("'mish'", Assert.Single(source.Metadata.Problems), StringComparison.Ordinal));
    }

    private static WrittenModel Model(PoolingMetadata pooling, Activation? function, params (string Name, long[] Shape)[] more) => new()
    {
        Architecture = "modern-bert",
        Layers = 3,
        Attention = new() { HeadCount = 4, SlidingWindow = 128 },
        Rope = new() { Pairing = RopePairing.Halves, Base = 500 },
        Extra = new() { ["rope.freq_base_swa"] = 50 },
        Lists = new() { ["attention.sliding_window_pattern"] = [0, 1, 1] },
        Pooling = pooling,
        Activation = function,
        More = [.. more],
    };

    private static void Refuses(PoolingMetadata pooling, Activation? function, string named, RopeScaling scaling = RopeScaling.None)
    {
        using WrittenModel usual = Model(pooling, function);
        using WrittenModel model = new() { Architecture = usual.Architecture, Pooling = pooling, Activation = function, Attention = usual.Attention, Rope = usual.Rope with { Scaling = scaling, Factor = 2 } };
        Assert.Contains(named, Assert.Throws<UnsupportedModelException>(() => model.Plan()).Message, StringComparison.Ordinal);
    }
}
