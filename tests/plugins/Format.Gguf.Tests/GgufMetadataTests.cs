namespace Tessera.Format.Gguf.Tests;

public sealed class GgufMetadataTests
{
    [Fact]
    public void Hyperparameters_are_read_from_integers_of_any_width() => SmallModel.Open(SmallModel.Writer().ToBytes(), model =>
    {
        ModelMetadata m = model.Metadata;
        Assert.Equal(("llama", "small", "a model for tests"), (m.Architecture, m.Name, m.Description));
        Assert.Equal((4, 128, 32, 2, 64, 1e-5f), (m.VocabularySize, m.ContextLength, m.EmbeddingLength, m.LayerCount, m.FeedForwardLength, m.NormEpsilon));
        Assert.Equal(new AttentionMetadata { HeadCount = 4, KeyValueHeadCount = 2, KeyLength = 8, ValueLength = 8 }, m.Attention);
        Assert.Equal(new RopeMetadata { Dimensions = 8, Base = 10000 }, m.Rope);
        Assert.Equal(new SamplingDefaults(), m.Sampling);
        Assert.False(m.NormWeightsAreOffsets);
        Assert.Empty(m.Problems);
        Assert.Equal([("use_parallel_residual", 1.0), ("expert_count", 3.0)], m.Extra.Select(e => (e.Key, e.Value)));
    });

    [Fact]
    public void Attention_and_norms_have_their_keys()
    {
        GgufWriter writer = new GgufWriter("gemma2")
            .Add("gemma2.attention.layer_norm_epsilon", 1e-6f)
            .Add("gemma2.attention.sliding_window", 4096u)
            .Add("gemma2.attention.scale", 0.25f)
            .Add("gemma2.attn_logit_softcapping", 50f)
            .Add("gemma2.final_logit_softcapping", 30f);
        SmallModel.Open(writer.ToBytes(), model =>
        {
            Assert.Equal(1e-6f, model.Metadata.NormEpsilon);
            Assert.Equal(new AttentionMetadata { SlidingWindow = 4096, Scale = 0.25f, LogitSoftCap = 50 }, model.Metadata.Attention);
            Assert.Equal(30, model.Metadata.Extra["final_logit_softcapping"]);
        });
    }

    [Fact]
    public void A_soft_cap_of_0_is_told_from_none() =>
        SmallModel.Open(new GgufWriter("gemma2").Add("gemma2.attn_logit_softcapping", 0f).ToBytes(), model =>
        {
            Assert.Equal((0f, 0d), (model.Metadata.Attention.LogitSoftCap, model.Metadata.Extra["attn_logit_softcapping"]));
            Assert.Empty(model.Metadata.Problems);
        });

    [Theory]
    [InlineData("bert", 0u, PoolingKind.None, false, ScoreFunction.Identity)]
    [InlineData("bert", 1u, PoolingKind.Mean, false, ScoreFunction.Identity)]
    [InlineData("nomic-bert", 2u, PoolingKind.First, false, ScoreFunction.Identity)]
    [InlineData("qwen3", 3u, PoolingKind.Last, false, ScoreFunction.Identity)]
    [InlineData("bert", 4u, PoolingKind.First, true, ScoreFunction.Sigmoid)]
    [InlineData("qwen3", 4u, PoolingKind.Last, true, ScoreFunction.Softmax)]
    public void Pooling_has_its_key(string architecture, uint type, PoolingKind kind, bool isClassifier, ScoreFunction scores) =>
        SmallModel.Open(new GgufWriter(architecture).Add($"{architecture}.pooling_type", type).ToBytes(), model =>
        {
            PoolingMetadata pooling = model.Metadata.Pooling;
            Assert.Equal((kind, isClassifier, scores, true, 0), (pooling.Kind, pooling.IsClassifier, pooling.Scores, pooling.Normalizes, pooling.MaxTokens));
            Assert.Empty(model.Metadata.Problems);
        });

    [Fact]
    public void A_pooling_that_is_not_known_is_a_problem() =>
        SmallModel.Open(new GgufWriter("bert").Add("bert.pooling_type", 5u).ToBytes(), model =>
            Assert.Equal("bert.pooling_type: expected 0 to 4, found 5", Assert.Single(model.Metadata.Problems)));

    [Fact]
    public void Rope_scaling_has_its_keys() => Rope(
        w => w.Add("llama.rope.scaling.type", "yarn")
            .Add("llama.rope.scaling.factor", 4f)
            .Add("llama.rope.scaling.original_context_length", 128u)
            .Add("llama.rope.scaling.attn_factor", 1.5f)
            .Add("llama.rope.scaling.yarn_attn_factor", 2f)
            .Add("llama.rope.scaling.yarn_beta_fast", 30f)
            .Add("llama.rope.scaling.yarn_beta_slow", 2f)
            .Add("llama.rope.scaling.yarn_ext_factor", 0.5f),
        new RopeMetadata { Scaling = RopeScaling.Yarn, Factor = 4, OriginalContextLength = 128, AttentionFactor = 3, BetaFast = 30, BetaSlow = 2, ExtrapolationFactor = 0.5f });

    [Fact]
    public void Rope_factor_without_a_type_is_linear()
    {
        Rope(w => w.Add("llama.rope.scale_linear", 4f), new RopeMetadata { Scaling = RopeScaling.Linear, Factor = 4 });
        Rope(w => w.Add("llama.rope.scaling.factor", 2f), new RopeMetadata { Scaling = RopeScaling.Linear, Factor = 2 });
        Rope(w => w.Add("llama.rope.scaling.factor", 2f).Add("llama.rope.scaling.type", "none"), new RopeMetadata { Scaling = RopeScaling.None, Factor = 2 });
        Rope(w => w.Add("llama.rope.scaling.type", "longrope"), new RopeMetadata { Scaling = RopeScaling.LongRope });
        Rope(w => w.Add("llama.rope.scaling.type", "dynamic"), new RopeMetadata { Scaling = RopeScaling.Dynamic });
    }

    [Theory]
    [InlineData("llama", RopePairing.Interleaved)]
    [InlineData("deepseek2", RopePairing.Interleaved)]
    [InlineData("granite", RopePairing.Interleaved)]
    [InlineData("command-r", RopePairing.Interleaved)]
    [InlineData("qwen2", RopePairing.Halves)]
    [InlineData("qwen3", RopePairing.Halves)]
    [InlineData("phi3", RopePairing.Halves)]
    [InlineData("gemma3", RopePairing.Halves)]
    [InlineData("gptneox", RopePairing.Halves)]
    [InlineData("something-new", RopePairing.Halves)]
    public void Rope_pairing_follows_the_architecture(string architecture, RopePairing pairing) =>
        SmallModel.Open(new GgufWriter(architecture).ToBytes(), model => Assert.Equal(pairing, model.Metadata.Rope.Pairing));

    [Fact]
    public void Sampling_defaults_are_read()
    {
        GgufWriter writer = new GgufWriter()
            .Add("general.sampling.temp", 0.6f)
            .Add("general.sampling.top_k", 20)
            .Add("general.sampling.top_p", 0.95f)
            .Add("general.sampling.min_p", 0f)
            .Add("general.sampling.penalty_repeat", 1.05f);
        SmallModel.Open(writer.ToBytes(), model => Assert.Equal(
            new SamplingDefaults { Temperature = 0.6f, TopK = 20, TopP = 0.95f, MinP = 0, RepetitionPenalty = 1.05f }, model.Metadata.Sampling));
        SmallModel.Open(new GgufWriter().Add("general.sampling.top_k", -1).ToBytes(), model => Assert.Equal(0, model.Metadata.Sampling.TopK));
    }

    [Fact]
    public void Values_for_each_layer_count_where_all_are_equal()
    {
        SmallModel.Open(new GgufWriter().AddArray("llama.attention.head_count_kv", 2, 2, 2).ToBytes(), model =>
        {
            Assert.Equal(2, model.Metadata.Attention.KeyValueHeadCount);
            Assert.Empty(model.Metadata.Problems);
        });
        HasProblem(w => w.AddArray("general.sampling.top_k", 2, 1), "general.sampling.top_k: expected one number, found [2, 1]");
    }

    [Fact]
    public void Values_that_differ_by_layer_become_lists() => SmallModel.Open(new GgufWriter()
        .AddArray("llama.attention.head_count_kv", 2, 1)
        .AddArray("llama.feed_forward_length", 64u, 96u, 64u)
        .AddArray("llama.attention.sliding_window_pattern", true, false)
        .AddArray("llama.expert_used_count", 4, 4)
        .AddArray("llama.some.factors", 0.5f, 2f)
        .AddArray("llama.some.names", "a", "b")
        .ToBytes(), model =>
        {
            ModelMetadata m = model.Metadata;
            Assert.Empty(m.Problems);
            Assert.Equal((0, 0), (m.Attention.KeyValueHeadCount, m.FeedForwardLength));
            Assert.Equal([2, 1], m.ExtraLists["attention.head_count_kv"]);
            Assert.Equal([64, 96, 64], m.ExtraLists["feed_forward_length"]);
            Assert.Equal([1, 0], m.ExtraLists["attention.sliding_window_pattern"]);
            Assert.Equal([4, 4], m.ExtraLists["expert_used_count"]);
            Assert.Equal([0.5, 2], m.ExtraLists["some.factors"]);
            Assert.Equal(5, m.ExtraLists.Count);
            Assert.Equal(["expert_used_count"], m.Extra.Keys);
            Assert.Equal(4, m.Extra["expert_used_count"]);
        });

    [Fact]
    public void Lists_are_short_and_finite()
    {
        HasProblem(w => w.AddArray("llama.some.list", new int[4097]), "llama.some.list: expected at most 4096 values, found an array of 4097 i32");
        HasProblem(w => w.AddArray("llama.some.list", 1f, float.NaN), "llama.some.list: expected finite numbers, found [1, NaN]");
    }

    [Fact]
    public void Values_that_cannot_be_meant_become_problems_and_the_tensors_are_still_there()
    {
        HasProblem(w => w.Add("llama.block_count", -1), "llama.block_count: expected 0 to 2147483647, found -1");
        HasProblem(w => w.Add("llama.block_count", ulong.MaxValue), "llama.block_count: expected 0 to 2147483647, found 18446744073709551615");
        HasProblem(w => w.Add("llama.block_count", 2f), "llama.block_count: expected a whole number, found f32");
        HasProblem(w => w.Add("llama.context_length", "long"), "llama.context_length: expected a whole number, found string");
        HasProblem(w => w.AddArray("llama.context_length", Array.Empty<int>()), "llama.context_length: expected a whole number, found an array of 0 i32");
        HasProblem(w => w.Add("llama.rope.freq_base", float.NaN), "llama.rope.freq_base: expected a finite number of at least 0, found NaN");
        HasProblem(w => w.Add("llama.rope.freq_base", double.MaxValue), "llama.rope.freq_base: expected a finite number of at least 0, found 1.7976931348623157E+308");
        HasProblem(w => w.Add("llama.attention.layer_norm_rms_epsilon", -1f), "llama.attention.layer_norm_rms_epsilon: expected a finite number of at least 0, found -1");
        HasProblem(w => w.Add("llama.rope.scaling.type", "magic"), "llama.rope.scaling.type: expected none, linear, yarn, longrope or dynamic, found 'magic'");
        HasProblem(w => w.Add("general.name", 3), "general.name: expected a string, found i32");
        HasProblem(w => w.Add("general.sampling.top_p", 1.5f), "general.sampling.top_p: expected 0 to 1, found 1.5");
        HasProblem(w => w.Add("general.sampling.top_k", 1.5f), "general.sampling.top_k: expected a whole number, found f32");
        HasProblem(w => w.Add("general.sampling.penalty_repeat", 0f), "general.sampling.penalty_repeat: expected a finite number of at least 0.001, found 0");
        HasProblem(w => w.Add("llama.logit_scale", float.PositiveInfinity), "llama.logit_scale: expected a finite number, found Infinity");
    }

    [Fact]
    public void Missing_architecture_is_a_problem() => SmallModel.Open(new GgufWriter(architecture: null).Tensor("w", 0, [1], new byte[4]).ToBytes(), model =>
    {
        Assert.Equal(["general.architecture: expected a name, found nothing"], model.Metadata.Problems);
        Assert.Single(model.Tensors);
    });

    private static void HasProblem(Action<GgufWriter> add, string problem)
    {
        GgufWriter writer = SmallModel.Bare();
        add(writer);
        SmallModel.Open(writer.ToBytes(), model =>
        {
            Assert.Equal([problem], model.Metadata.Problems);
            Assert.Single(model.Tensors);
        });
    }

    private static void Rope(Action<GgufWriter> add, RopeMetadata expected)
    {
        GgufWriter writer = new();
        add(writer);
        SmallModel.Open(writer.ToBytes(), model =>
        {
            Assert.Empty(model.Metadata.Problems);
            Assert.Equal(expected, model.Metadata.Rope);
        });
    }
}
