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

    [Theory]
    [InlineData("qwen3", "blk.0.attn_output.bias")]
    [InlineData("qwen3moe", "blk.0.attn_output.bias", "blk.0.ffn_gate_inp.weight")]
    [InlineData("gemma", "blk.0.attn_output.bias")]
    [InlineData("gemma2", "blk.0.attn_output.bias")]
    [InlineData("gemma3", "blk.0.attn_output.bias")]
    [InlineData("olmo2", "blk.0.attn_output.bias")]
    [InlineData("command-r", "blk.0.attn_output.bias")]
    [InlineData("cohere2", "blk.0.attn_output.bias")]
    [InlineData("smollm3", "blk.0.attn_output.bias", "blk.0.ffn_gate.bias")]
    [InlineData("smollm3", "blk.0.ffn_gate.bias", "blk.0.ffn_up.bias")]
    [InlineData("smollm3", "blk.0.ffn_up.bias")]
    [InlineData("smollm3", "blk.0.ffn_down.bias")]
    [InlineData("deepseek2", "blk.0.attn_q_a.bias", "blk.0.attn_q_a.weight")]
    [InlineData("deepseek2", "blk.0.attn_kv_a_mqa.bias", "blk.0.attn_q_a.weight")]
    [InlineData("deepseek2", "blk.0.attn_output.bias", "blk.0.attn_q_a.weight")]
    [InlineData("nomic-bert", "blk.0.ffn_gate.bias", "blk.0.ffn_down.bias")]
    [InlineData("llama", "cls.output.weight")]
    public void A_tensor_that_it_does_not_take_is_named(string architecture, string tensor, string? other = null)
    {
        string told = Assert.Single(Told(architecture, null, [tensor, .. other is null ? Array.Empty<string>() : [other]]));
        Assert.Contains($"'{tensor}': llama.cpp refuses {architecture} files", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nomic-bert", "blk.0.ffn_up.bias")]
    [InlineData("nomic-bert", "blk.0.ffn_down.bias")]
    public void A_tensor_that_it_takes_in_vain_is_named(string architecture, string tensor) =>
        Assert.Contains($"'{tensor}': llama.cpp leaves it out", Assert.Single(Told(architecture, null, [tensor])), StringComparison.Ordinal);

    [Theory]
    [InlineData("llama", "blk.0.attn_output.bias", "blk.0.ffn_gate.bias")]
    [InlineData("granite", "blk.0.attn_output.bias", "blk.0.ffn_down.bias")]
    [InlineData("qwen3", "blk.0.attn_q.bias", "cls.output.weight")]
    [InlineData("bert", "blk.0.attn_output.bias", "blk.0.ffn_up.bias")]
    [InlineData("bert", "cls.weight", "cls.output.bias")]
    [InlineData("nomic-bert", "blk.0.attn_qkv.bias", "blk.0.attn_output.bias")]
    public void Of_tensors_that_it_takes_nothing_is_told(string architecture, params string[] tensors) => Assert.Empty(Told(architecture, null, tensors));

    [Theory]
    [InlineData(true, 2, true)]
    [InlineData(true, 1, false)]
    [InlineData(false, 2, false)]
    public void Scores_that_depend_on_token_types_are_told(bool isClassifier, int types, bool isTold)
    {
        PoolingMetadata pooling = new() { Kind = PoolingKind.First, IsClassifier = isClassifier, ClassifierActivation = isClassifier ? Activation.Tanh : null, Scores = ScoreFunction.Sigmoid };
        string[] told = Told("bert", pooling, ["token_types.weight"], types);
        Assert.Equal(isTold, told.Any(n => n.Contains("every token type 0", StringComparison.Ordinal)));
        Assert.Equal(isTold ? 1 : 0, told.Length);
    }

    private static string[] Told(string architecture, PoolingMetadata? pooling, string[] tensors, int rows = 32)
    {
        using WrittenModel model = new()
        {
            Architecture = architecture,
            Rope = new() { Pairing = architecture is "deepseek2" or "command-r" or "cohere2" or "llama" or "granite" ? RopePairing.Interleaved : RopePairing.Halves },
            Pooling = pooling ?? new(),
            More = [.. tensors.Select(t => (t, t.EndsWith(".bias", StringComparison.Ordinal) ? new long[] { 32 } : [rows, 32]))],
        };
        return [.. model.Plan().Notes.Where(n => n.Contains("llama.cpp", StringComparison.Ordinal))];
    }
}
