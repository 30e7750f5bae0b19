using Tessera.Conformance.Checks;
using Tessera.Kernels.Cpu.Tests.Models;

namespace Tessera.Kernels.Cpu.Tests.Lowering;

/// <summary>What the families' graphs become, and which of them are refused.</summary>
public class FamilyLoweringTests
{
    [Fact]
    public void Norms_of_heads_and_rotations_happen_in_attention()
    {
        IReadOnlyList<string> lines = Explain(CheckShapes.All["shared head norms, fused projections"]);
        Assert.Single(lines, l => l.StartsWith("blk.0.attn: paged attention, 4 heads over 2 of 16, f32 cache", StringComparison.Ordinal) && l.Contains("queries normalized and rotated, keys normalized and rotated", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.Contains("stored", StringComparison.Ordinal));
    }

    [Fact]
    public void Norms_behind_a_product_are_made_by_the_sum()
    {
        IReadOnlyList<string> lines = Explain(CheckShapes.All["offset norms, post norms, embedding scale"]);
        Assert.Contains("blk.0.attn_add: sum with rms_norm, stored", lines);
        Assert.Contains(lines, l => l.StartsWith("token_embd.weight [80, 64] f32: rows dequantized for the embedding of tokens, times 8", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.StartsWith("blk.0.attn_post_norm", StringComparison.Ordinal) && l.Contains("stored", StringComparison.Ordinal));
    }

    [Fact]
    public void Factors_and_sums_behind_a_product_or_experts_need_no_stage() =>
        Assert.DoesNotContain(Explain(CheckShapes.All["experts by softmax"] with { ResidualScale = 0.5f }), l => l.Contains("_scale", StringComparison.Ordinal) || l.Contains("_add", StringComparison.Ordinal));

    [Fact]
    public void Attention_and_experts_are_explained()
    {
        IReadOnlyList<string> lines = Explain(CheckShapes.All["sinks and a soft cap, one head each"]);
        Assert.Contains(lines, l => l.StartsWith("blk.1.attn: ", StringComparison.Ordinal) && l.Contains("4 heads over 4 of 16 and 12", StringComparison.Ordinal) && l.Contains("scores capped at 0.7, sinks", StringComparison.Ordinal));
        Assert.Contains("blk.0.attn_k_b: 4 products of 32 rows, each with its head's part of the input, in one stage", Explain(CheckShapes.All["latent attention, absorbed"]));
        Assert.Contains(Explain(CheckShapes.All["experts by softmax"]), l => l.StartsWith("blk.1.ffn_exps: 2 of 8 experts by softmax", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rope offset", "blk.0.rope_q', rotating pairs: expected at most 5, found 6")]
    [InlineData("long frequencies", "blk.0.rope_q', long frequencies: expected 6, found 2")]
    [InlineData("sinks", "blk.0.attn', elements of tensor 'blk.0.attn_norm.weight': expected 4, found 64")]
    [InlineData("cap", "blk.0.attn', soft cap: expected at least 0, found -1")]
    [InlineData("limit", "blk.0.ffn_exps', limit: expected more than 0, found 0")]
    [InlineData("used", "blk.0.ffn_exps', experts used: expected 1 to 4, found 5")]
    [InlineData("groups", "blk.0.ffn_exps', groups: expected a divisor of 8 experts, found 3")]
    [InlineData("groups used", "blk.0.ffn_exps', groups used: expected 1 to 4, found 5")]
    [InlineData("router", "blk.0.ffn_exps', router's width: expected 8, found 64")]
    [InlineData("slice", "blk.0.attn_k_part', offset: expected 0 to 96, found 97")]
    [InlineData("norm groups", "blk.0.attn_q_norm', width: expected a multiple of 5 groups, found 64")]
    [InlineData("head cap", "output', soft cap: expected at least 0, found -1")]
    public void Attributes_that_do_not_fit_are_refused_by_name(string mistake, string message)
    {
        CheckShape shape = new()
        {
            HeadNorm = CheckHeadNorm.Own,
            FusedProjections = true,
            RopeOffset = 4,
            RotatingLength = 12,
            LongRope = true,
            Activation = Activation.ClampedSwiGlu,
            Experts = new CheckExperts(8, new ExpertRouting(2, ExpertScoring.Softmax) { Groups = 4, GroupsUsed = 2 }),
        };
        using CheckModel model = new(shape, Quantizations.With());
        ModelGraph graph = model.Graph;
        ModelGraph wrong = new()
        {
            Nodes = [.. graph.Nodes.Select(n => (mistake, n) switch
            {
                ("rope offset", RopeNode r) => r with { Offset = 5 },
                ("long frequencies", RopeNode r) => r with { Table = r.Table with { Long = new LongRope(1, [1, 2], 1) } },
                ("sinks", AttentionNode a) => a with { Sinks = graph.Nodes.OfType<RmsNormNode>().First().Weight },
                ("cap", AttentionNode a) => a with { SoftCap = -1 },
                ("limit", MixtureOfExpertsNode m) => m with { Limit = 0 },
                ("used", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { Used = 5 } },
                ("groups", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { Groups = 3 } },
                ("groups used", MixtureOfExpertsNode m) => m with { Routing = m.Routing with { GroupsUsed = 5 } },
                ("router", MixtureOfExpertsNode m) => m with { Router = m.Input },
                ("slice", SliceNode { Name: "blk.0.attn_k_part" } s) => s with { Offset = 97 },
                ("norm groups", RmsNormNode { Groups: > 1 } r) => r with { Groups = 5 },
                ("head cap", LmHeadNode h) => h with { SoftCap = -1 },
                _ => n,
            })],
            CacheGroups = graph.CacheGroups,
            VocabularySize = graph.VocabularySize,
            Hidden = graph.Hidden,
            Logits = graph.Logits,
        };
        Assert.Equal($"cpu: node '{message}", Assert.Throws<UnsupportedModelException>(() => new Session(wrong, Quantizations.With())).Message);
    }

    private static IReadOnlyList<string> Explain(CheckShape shape)
    {
        using CheckModel model = new(shape, Quantizations.With());
        using Session session = new(model.Graph, Quantizations.With());
        return session.Runtime.Explain();
    }
}
