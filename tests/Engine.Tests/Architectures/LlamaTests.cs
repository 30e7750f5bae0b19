using Tessera.Engine.Architectures;

namespace Tessera.Engine.Tests.Architectures;

public sealed class LlamaTests
{
    private static readonly Llama Family = new();

    [Fact]
    public void A_layer_is_norm_attention_norm_and_gated_feed_forward_around_two_additions()
    {
        ModelGraph graph = Family.Build(TinySource.Create(), 128);
        string[] layer = [Operations.RmsNorm, Operations.Linear, Operations.Linear, Operations.Linear, Operations.Rope, Operations.Rope, Operations.Attention,
            Operations.Linear, Operations.Add, Operations.RmsNorm, Operations.Linear, Operations.Linear, Operations.GatedActivation, Operations.Linear, Operations.Add];
        Assert.Equal([Operations.Embed, .. layer, .. layer, Operations.RmsNorm, Operations.LmHead], graph.Nodes.Select(n => n.Operation));
        Assert.Equal(graph.Nodes.Count, graph.Nodes.Select(n => n.Name).Distinct().Count());
        CacheGroup group = Assert.Single(graph.CacheGroups);
        Assert.Equal([new CacheSpec("blk.0", 2, 16, 16), new CacheSpec("blk.1", 2, 16, 16)], group.Caches);
    }

    [Fact]
    public void Every_input_is_made_before_it_is_used()
    {
        HashSet<int> made = [];
        foreach (GraphNode node in Family.Build(TinySource.Create(), 128).Nodes)
        {
            Assert.All(node.Inputs, i => Assert.Contains(i.Id, made));
            Assert.True(made.Add(node.Output.Id));
        }
    }

    [Fact]
    public void Without_an_output_matrix_the_embedding_makes_the_logits()
    {
        ModelGraph tied = Family.Build(TinySource.Create(), 128);
        Assert.Equal("token_embd.weight", Assert.IsType<LmHeadNode>(tied.Nodes[^1]).Weight.Name);
        ModelSource source = TinySource.Create();
        ModelGraph own = Family.Build(new ModelSource { Format = "test", Metadata = source.Metadata, Tensors = [.. source.Tensors, TinySource.Tensor("output.weight", 32, 64)] }, 128);
        Assert.Equal("output.weight", Assert.IsType<LmHeadNode>(own.Nodes[^1]).Weight.Name);
    }

    [Theory]
    [InlineData("blk.1.ffn_down.weight")]
    [InlineData("token_embd.weight")]
    [InlineData("output_norm.weight")]
    [InlineData("blk.0.attn_k.weight")]
    public void A_missing_tensor_is_named(string name)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Family.Build(TinySource.Create(change: t => t.Name == name ? null : t), 128));
        Assert.Contains(name, e.Message);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes()
    {
        ModelSource source = TinySource.Create(change: t => t.Name == "blk.1.attn_q.weight" ? TinySource.Tensor(t.Name, 48, 64) : t);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Family.Build(source, 128));
        Assert.Contains("blk.1.attn_q.weight", e.Message);
        Assert.Contains("[64, 64]", e.Message);
        Assert.Contains("[48, 64]", e.Message);
    }

    public static TheoryData<string, ModelMetadata> BadNumbers => new()
    {
        { "block_count", TinySource.With(layers: 0) },
        { "block_count", TinySource.With(layers: int.MaxValue) },
        { "block_count", TinySource.With(layers: 1) },
        { "embedding_length", TinySource.With(width: -1) },
        { "embedding_length", TinySource.With(width: 66) },
        { "feed_forward_length", TinySource.With(inner: 0) },
        { "context_length", TinySource.With(context: 0) },
        { "layer_norm_rms_epsilon", TinySource.With(epsilon: float.NaN) },
        { "layer_norm_rms_epsilon", TinySource.With(epsilon: 0) },
        { "vocab_size", TinySource.With(vocabulary: 1 << 30) },
        { "head_count", TinySource.With(attention: new AttentionMetadata { HeadCount = 0 }) },
        { "head_count", TinySource.With(attention: new AttentionMetadata { HeadCount = 4, KeyValueHeadCount = 3 }) },
        { "head_count_kv", TinySource.With(attention: new AttentionMetadata { HeadCount = 4, KeyValueHeadCount = 8 }) },
        { "key_length", TinySource.With(attention: new AttentionMetadata { HeadCount = 4, KeyValueHeadCount = 2, KeyLength = -4 }) },
        { "dimension_count", TinySource.With(rope: new RopeMetadata { Dimensions = 7 }) },
        { "dimension_count", TinySource.With(rope: new RopeMetadata { Dimensions = 64 }) },
        { "freq_base", TinySource.With(rope: new RopeMetadata { Base = -1 }) },
        { "freq_base", TinySource.With(rope: new RopeMetadata { Base = 1e38f }) },
        { "scaling.factor", TinySource.With(rope: new RopeMetadata { Factor = float.PositiveInfinity }) },
        { "a problem of the file", TinySource.With(problems: ["a problem of the file"]) },
    };

    [Theory]
    [MemberData(nameof(BadNumbers), DisableDiscoveryEnumeration = true)]
    public void A_number_that_no_model_can_have_is_refused_by_name(string named, ModelMetadata metadata)
    {
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => Family.Build(TinySource.Create(metadata), 128));
        Assert.Contains(named, e.Message);
    }

    [Fact]
    public void All_numbers_that_no_model_can_have_are_named_at_once_and_none_that_is_a_problem_already()
    {
        ModelMetadata metadata = TinySource.With(inner: 0, context: 0, rope: new RopeMetadata { Factor = float.PositiveInfinity }, problems: ["llama.context_length: expected a whole number, found string"]);
        string message = Assert.Throws<ModelFormatException>(() => Family.Build(TinySource.Create(metadata), 128)).Message;
        Assert.Equal(["feed_forward_length", "rope.scaling.factor"], message.Split("; ").Select(part => part.Split(": ")[0].Replace("llama.", "", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_unknown_architecture_is_named_with_those_that_there_are()
    {
        UnsupportedModelException e = Assert.Throws<UnsupportedModelException>(() => BuiltIn.Find(new ModelMetadata { Architecture = "mamba" }, BuiltIn.Architectures));
        Assert.Contains("'mamba'", e.Message);
        Assert.Contains("llama", e.Message);
    }

    [Fact]
    public void Biases_of_projections_are_taken_where_the_file_has_them()
    {
        ModelSource source = TinySource.Create();
        ModelGraph graph = Family.Build(new ModelSource { Format = "test", Metadata = source.Metadata, Tensors = [.. source.Tensors, TinySource.Tensor("blk.0.attn_q.bias", 64)] }, 128);
        LinearNode[] linear = [.. graph.Nodes.OfType<LinearNode>()];
        Assert.Equal("blk.0.attn_q.bias", Assert.Single(linear, l => l.Bias is not null).Bias!.Name);
    }
}
