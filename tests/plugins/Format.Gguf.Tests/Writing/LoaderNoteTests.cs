using Tessera.Abstractions;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>What llama.cpp's loaders take otherwise is told.</summary>
public sealed class LoaderNoteTests
{
    private const string Norms = "norms of queries and keys", NoLatent = "queries without a latent", Groups = "chosen by their best one";

    [Theory]
    [InlineData("command-r", 2, "blk.0.attn_q_norm.weight", 0, 0, Norms)]
    [InlineData("command-r", 64, "blk.0.attn_q_norm.weight", 0, 0, null)]
    [InlineData("command-r", 2, null, 0, 0, null)]
    [InlineData("deepseek2", 2, null, 0, 0, NoLatent)]
    [InlineData("deepseek2", 27, null, 0, 0, null)]
    [InlineData("deepseek2", 2, "blk.0.attn_q_a.weight", 0, 0, null)]
    [InlineData("deepseek2", 27, null, 4, 1, Groups)]
    [InlineData("deepseek2", 27, null, 4, 2, null)]
    [InlineData("deepseek2", 27, null, 1, 1, null)]
    public void A_model_that_it_reads_otherwise_has_a_note(string architecture, int layers, string? tensor, int groups, int gating, string? note)
    {
        using WrittenModel model = new()
        {
            Architecture = architecture,
            Layers = layers,
            Rope = new() { Pairing = RopePairing.Interleaved },
            Extra = new() { ["expert_group_count"] = groups, ["expert_gating_func"] = gating },
            More = tensor is null ? [] : [(tensor, [32, 32])],
        };
        string[] told = [.. model.Plan().Notes.Where(n => n.Contains("llama.cpp", StringComparison.Ordinal))];
        if (note is null)
            Assert.Empty(told);
        else
            Assert.Contains(note, Assert.Single(told), StringComparison.Ordinal);
    }
}
