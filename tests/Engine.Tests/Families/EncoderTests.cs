using Tessera.Engine.Tests.Families.Papers;
using Tessera.TestSupport.Families;

namespace Tessera.Engine.Tests.Families;

/// <summary>Every encoder's graph against a forward pass written from its paper, and that each operation of it matters.</summary>
public sealed class EncoderTests
{
    private const double Tolerance = 1e-5;

    private static readonly int[] Tokens = FamilyRun.Tokens;

    // Hidden states and the vector.
    private static readonly Dictionary<string, Func<Paper, (double[][] Hidden, double[] Pooled)>> Forward = new()
    {
        ["bert"] = p => Encoders.Bert(p, Tokens, EncoderRun.Types, 0) is var x ? (x, Encoders.Mean(x)) : default,
        ["bert-cls"] = p => Encoders.Bert(p, Tokens, EncoderRun.Types, 0) is var x ? (x, x[0]) : default,
        ["roberta-scores"] = p => Encoders.Bert(p, Tokens, EncoderRun.Types, TinyEncoders.UnusedPositions) is var x ? (x, Encoders.Classify(p, x[0], Math.Tanh, norm: false)) : default,
        ["nomic-bert"] = p => Encoders.Nomic(p, Tokens, EncoderRun.Types) is var x ? (x, Encoders.Mean(x)) : default,
        ["modern-bert"] = p => Encoders.Modern(p, Tokens) is var x ? (x, x[0]) : default,
        ["modern-bert-scores"] = p => Encoders.Modern(p, Tokens) is var x ? (x, Encoders.Classify(p, Encoders.Mean(x), Encoders.GeluErf, norm: true)) : default,
        ["qwen3-last"] = p => Last(p) is var x ? (x, x[^1]) : default,
    };

    public static TheoryData<string> Names => [.. TinyEncoders.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Hidden_states_and_vectors_are_those_of_the_paper(string name)
    {
        TinyFamily model = TinyEncoders.Find(name);
        using FamilyRun run = new(model);
        (double[][] hidden, double[] pooled) = Forward[name](new Paper(model));
        (float[] foundPooled, float[][] foundHidden) = EncoderRun.Of(run.Graph);
        Assert.True(hidden.Max(row => row.Max()) > 0.5);
        Assert.InRange(FamilyRun.Difference(foundHidden, hidden), 0, Tolerance);
        Assert.InRange(FamilyRun.Difference([foundPooled], [pooled]), 0, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_operation_can_be_left_out_or_changed(string name)
    {
        TinyFamily model = TinyEncoders.Find(name);
        using FamilyRun run = new(model);
        // A causal model's head is not seen from its vector.
        ModelGraph graph = new() { Nodes = [.. run.Graph.Nodes.Where(n => n is not LmHeadNode)], CacheGroups = run.Graph.CacheGroups, VocabularySize = run.Graph.VocabularySize, Hidden = run.Graph.Hidden, Logits = null, Pooled = run.Graph.Pooled };
        (float[] wholePooled, float[][] wholeHidden) = EncoderRun.Of(graph);
        double[][] whole = [.. wholeHidden.Append(wholePooled).Select(row => row.Select(v => (double)v).ToArray())];
        List<string> unseen = [];
        int count = 0;
        foreach ((string what, ModelGraph mutated) in Mutations.Of(graph, model.Planned))
        {
            // Positions are looked up in a table of as many rows as there are types only by mistake.
            if (mutated.Nodes.OfType<EmbedNode>().Any(n => n.Index == EmbedIndex.Position && n.Weight.Name == "token_types.weight"))
                continue;
            count++;
            (float[] pooled, float[][] hidden) = EncoderRun.Of(mutated);
            double difference = FamilyRun.Difference([.. hidden, pooled], whole);
            if (difference < 10 * Tolerance && !IsInvisible(what))
                unseen.Add($"{what}: {difference:g2}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {count} changes of {graph.Nodes.Count} nodes");
        Assert.True(count > 2 * graph.Nodes.Count, $"{count} changes");
        Assert.True(unseen.Count == 0, $"{unseen.Count} of {count}: {string.Join("; ", unseen.Take(20))}");
    }

    [Fact]
    public void Every_model_uses_every_tensor_of_its_file() => Assert.All(TinyEncoders.All, model =>
    {
        using FamilyRun run = new(model);
        HashSet<string> used = [.. run.Graph.Nodes.SelectMany(n => n.Weights).Select(w => w.Name)];
        Assert.All(model.Tensors, t => Assert.Contains(t.Name, used));
    });

    [Theory]
    [InlineData("bert", "pooling_type", 5, "bert.pooling_type: expected 0 to 4, found 5")]
    [InlineData("bert", "pooling_type", 4, "'cls.output.weight' is missing")]
    [InlineData("bert", "attention.causal", true, "causal attention is not available")]
    [InlineData("qwen3-last", "attention.causal", false, "attention that is not causal is not available")]
    [InlineData("bert", "context_length", 63, "a context of 64 is asked for")]
    [InlineData("roberta-scores", "position_offset", 1, "position_embd.weight")]
    [InlineData("roberta-scores", "position_offset", -1, "bert.position_offset")]
    [InlineData("roberta-scores", "pooling_type", 1, "'cls.weight' [32, 32] has no place")]
    [InlineData("modern-bert", "attention.sliding_window", 1, "modern-bert.attention.sliding_window: expected 0 or at least 2")]
    [InlineData("bert", "context_length", 65, "position_embd.weight")]
    [InlineData("modern-bert", "rope.freq_base_swa", -1f, "rope.freq_base_swa")]
    public void What_cannot_be_meant_is_refused(string name, string key, object value, string text)
    {
        TesseraException e = Assert.ThrowsAny<TesseraException>(() => new FamilyRun(TinyEncoders.Find(name).ToGguf(key, value)).Dispose());
        Assert.Contains(text, e.Message, StringComparison.Ordinal);
    }

    // As llama.cpp reads a file that names no window.
    [Fact]
    public void Without_a_window_every_layer_of_ModernBert_sees_everything()
    {
        using FamilyRun run = new(TinyEncoders.Find("modern-bert").ToGguf("attention.sliding_window", 0));
        Assert.All(run.Graph.Nodes.OfType<BidirectionalAttentionNode>(), n => Assert.Equal(0, n.Reach));
    }

    [Fact]
    public void Positions_that_have_no_embedding_are_refused()
    {
        using FamilyRun run = new(TinyEncoders.Find("bert"));
        Assert.Contains("64 positions", Assert.Throws<UnsupportedModelException>(() => new Tessera.Engine.Architectures.Bert().Build(run.Source, 65)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_decoder_that_pools_all_its_rows_generates_nothing()
    {
        using FamilyRun last = new(TinyEncoders.Find("qwen3-last")), mean = new(TinyEncoders.Find("qwen3-last").ToGguf("pooling_type", 1));
        Assert.NotNull(last.Graph.Logits);
        Assert.False(last.Graph.NeedsWholeSequences);
        Assert.Null(mean.Graph.Logits);
        Assert.True(mean.Graph.NeedsWholeSequences);
    }

    // A softmax sees no bias of keys that do not rotate, and a last layer's row of keys only through the others.
    private static bool IsInvisible(string what) => what.EndsWith("attn_k: no bias", StringComparison.Ordinal);

    private static double[][] Last(Paper p)
    {
        double[][] x = p.Embed(Tokens);
        for (int i = 0; i < p.Layers; i++)
        {
            string l = $"blk.{i}.";
            double[][] h = p.RmsNorm(x, l + "attn_norm");
            double[][] q = p.Rotate(p.RmsNorm(p.Linear(h, l + "attn_q"), l + "attn_q_norm", p.Heads), neighbours: false);
            double[][] k = p.Rotate(p.RmsNorm(p.Linear(h, l + "attn_k"), l + "attn_k_norm", p.KeyHeads), neighbours: false);
            x = Paper.Add(x, p.Linear(p.Attend(q, k, p.Linear(h, l + "attn_v")), l + "attn_output"));
            x = Paper.Add(x, p.Gated(p.RmsNorm(x, l + "ffn_norm"), l, Paper.Silu));
        }
        return p.RmsNorm(x, "output_norm");
    }
}
