using Tessera.Format.Gguf.Writing;

namespace Tessera.Format.Gguf.Tests.Writing;

/// <summary>A GGUF file written anew: its keys as they stand, its tensors in other types.</summary>
public sealed class CopyTests
{
    [Fact]
    public void Keys_of_every_type_are_copied_and_the_kind_of_file_is_said()
    {
        using TestModelFiles files = TestModelFiles.Of(SmallModel.Writer().ToBytes());
        ModelSource source = new GgufFormat().Open(files);
        WritePlan plan = new GgufWeightWriter().Plan(source, files, "Q8_0");
        WrittenModel.Read(plan, read =>
        {
            Assert.Equal("7", read.Properties["general.file_type"]);
            Assert.Equal("2", read.Properties["general.quantization_version"]);
            foreach ((string key, string value) in source.Properties)
                Assert.Equal(value, read.Properties[key]);
            Assert.Equal(source.Tokenizer!.Tokens, read.Tokenizer!.Tokens);
            Assert.Equal(["q8_0", "q8_0", "f16", "f32"], read.Tensors.Select(t => t.Quantization));
        });
        Assert.All(plan.Tensors, t => Assert.True(t.Rows is null && t.Columns is null && t.Addend == 0));
    }

    [Fact]
    public void A_set_becomes_one_file_of_the_usual_alignment()
    {
        GgufWriter writer = SmallModel.Writer();
        writer.Alignment = 256;
        using TestModelFiles files = new(writer.ToSplit("set", 1, 3));
        WritePlan plan = new GgufWeightWriter().Plan(new GgufFormat().Open(files), files, "F16");
        WrittenModel.Read(plan, read =>
        {
            Assert.Equal(4, read.Tensors.Length);
            Assert.DoesNotContain(read.Properties.Keys, k => k.StartsWith("split.", StringComparison.Ordinal) || k == "general.alignment");
        });
    }

    [Fact]
    public void Small_tensors_keep_their_types()
    {
        byte[] file = new GgufWriter().Add("llama.block_count", 1u).Tensor("blk.0.attn_norm.weight", 1, [32], new byte[64]).Tensor("blk.0.ffn_gate_inp.weight", 1, [2, 32], new byte[128]).Tensor("blk.0.attn_q.weight", 1, [2, 32], new byte[128]).ToBytes();
        using TestModelFiles files = TestModelFiles.Of(file);
        WritePlan plan = new GgufWeightWriter().Plan(new GgufFormat().Open(files), files, "Q4_0");
        Assert.Equal(["f16", "f16", "q4_0"], plan.Tensors.Select(t => t.Quantization));
    }
}
