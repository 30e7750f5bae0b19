using System.Text;

namespace Tessera.Format.Gguf.Tests;

/// <summary>One broken rule at a time; the error names it.</summary>
public sealed class GgufRulesTests
{
    private static readonly GgufImage Small = SmallModel.Writer().Build();

    [Fact]
    public void Small_file_opens_as_it_is() => SmallModel.Open(Small.Bytes, model => Assert.Empty(model.Metadata.Problems));

    [Theory]
    [InlineData("GGML", "47474D4C")]
    [InlineData("\0\0\0\0", "00000000")]
    public void Magic_is_checked(string magic, string found)
    {
        byte[] file = [.. Encoding.ASCII.GetBytes(magic), .. Small.Bytes[4..]];
        SmallModel.Refuses(file, "magic", "'GGUF'", found);
    }

    [Theory]
    [InlineData(0u, "found 0")]
    public void Version_is_checked(uint version, string found) => SmallModel.Refuses(Small.With("version", version), "version", "expected 2 or 3", found);

    [Theory]
    [InlineData(1u, "found 1, which is not supported")]
    [InlineData(4u, "found 4")]
    [InlineData(0x03000000u, "byte-swapped")]
    [InlineData(0x02000000u, "byte-swapped")]
    public void Other_versions_are_not_supported(uint version, string found) => SmallModel.Refuses<UnsupportedModelException>(Small.With("version", version), "version", "expected 2 or 3", found);

    [Fact]
    public void Big_endian_files_and_arrays_of_arrays_are_not_supported()
    {
        SmallModel.Refuses<UnsupportedModelException>([.. "FUGG"u8, .. Small.Bytes[4..]], "magic", "big-endian");
        SmallModel.Refuses<UnsupportedModelException>(Small.With("test.i32: element type", 9), "key 'test.i32'", "arrays of arrays");
    }

    [Theory]
    [InlineData(43ul, "ggml-type-43", "type 43 of tensor 'blk.0.attn_q.weight' is not known")]
    [InlineData(65535ul, "ggml-type-65535", "type 65535 of tensor 'blk.0.attn_q.weight' is not known")]
    [InlineData(4ul, "q4_2", "type 4 of tensor 'blk.0.attn_q.weight' (q4_2) was removed from the format: convert the model again")]
    [InlineData(31ul, "q4_0_4_4", "type 31 of tensor 'blk.0.attn_q.weight' (q4_0_4_4) was removed from the format: convert the model again")]
    [InlineData(36ul, "iq4_nl_4_4", "type 36 of tensor 'blk.0.attn_q.weight' (iq4_nl_4_4) was removed from the format: convert the model again")]
    public void A_type_that_ggml_does_not_have_can_be_looked_at(ulong type, string id, string warning) =>
        SmallModel.Open(Small.With("tensor blk.0.attn_q.weight: type", type), model =>
        {
            Assert.Equal([warning], model.Warnings);
            WeightTensor tensor = Assert.Single(model.Tensors, t => t.Quantization == id);
            Assert.Equal(("blk.0.attn_q.weight", "[3, 64]"), (tensor.Name, tensor.ShapeText));
            // As far as the next tensor's first byte.
            Assert.Equal(Array.Find(model.Tensors, t => t.Name == "blk.0.ffn_gate_exps.weight")!.Parts[0].Offset, tensor.Parts[0].Offset + tensor.Bytes);
        });

    [Fact]
    public void A_type_without_a_name_in_the_file_s_list_is_refused() =>
        SmallModel.Refuses(Small.With("tensor blk.0.attn_q.weight: type", 65536), "type: 65536 is entry 0 of 'tessera.quantization.types', which has 0");

    [Theory]
    [InlineData("tensor count", 1ul << 40, "tensor count", "bytes left")]
    [InlineData("tensor count", ulong.MaxValue, "tensor count", "bytes left")]
    [InlineData("metadata count", ulong.MaxValue, "metadata count", "bytes left")]
    [InlineData("key general.name: string length", 0ul, "key", "empty")]
    [InlineData("key general.name: string length", 1ul << 63, "key needs 9223372036854775808 bytes", "left")]
    [InlineData("general.name: string length", 1ul << 33, "key 'general.name'", "left")]
    [InlineData("general.name: type", 13ul, "key 'general.name'", "found 13")]
    [InlineData("test.i32: element type", 99ul, "key 'test.i32'", "found 99")]
    [InlineData("test.i32: length", 1ul << 61, "key 'test.i32'", "bytes left")]
    [InlineData("tokenizer.ggml.tokens: length", 1ul << 30, "key 'tokenizer.ggml.tokens'", "bytes left")]
    [InlineData("tokenizer.ggml.tokens[1]: string length", 1ul << 40, "key 'tokenizer.ggml.tokens'", "left")]
    [InlineData("llama.use_parallel_residual", 2ul, "key 'llama.use_parallel_residual'", "found 2")]
    [InlineData("tensor token_embd.weight: string length", 0ul, "name", "empty")]
    [InlineData("tensor token_embd.weight: n_dims", 0ul, "tensor 'token_embd.weight'", "n_dims: expected 1 to 4, found 0")]
    [InlineData("tensor token_embd.weight: n_dims", 5ul, "tensor 'token_embd.weight'", "n_dims: expected 1 to 4, found 5")]
    [InlineData("tensor token_embd.weight: dimension 1", 0ul, "tensor 'token_embd.weight'", "dimension 1", "found 0")]
    [InlineData("tensor token_embd.weight: dimension 1", 1ul << 62, "tensor 'token_embd.weight'", "more elements than")]
    [InlineData("tensor token_embd.weight: dimension 1", 1ul << 40, "tensor 'token_embd.weight'", "needs 140737488355328 bytes")]
    [InlineData("tensor blk.0.attn_q.weight: dimension 0", 48ul, "tensor 'blk.0.attn_q.weight'", "multiple of 32 for type q4_0, found 48")]
    [InlineData("tensor blk.0.attn_q.weight: offset", 520ul, "tensor 'blk.0.attn_q.weight'", "multiple of the alignment 32, found 520")]
    [InlineData("tensor blk.0.attn_q.weight: offset", 1ul << 63, "tensor 'blk.0.attn_q.weight'", "outside")]
    [InlineData("tensor blk.0.attn_q.weight: offset", 480ul, "tensor 'token_embd.weight'", "overlap tensor 'blk.0.attn_q.weight' at 480")]
    [InlineData("tensor blk.0.attn_q.weight: offset", 0ul, "overlap")]
    [InlineData("tokenizer.ggml.bos_token_id", 4ul, "key 'tokenizer.ggml.bos_token_id'", "0 to 3", "found 4")]
    [InlineData("tokenizer.ggml.eos_token_id", 0xFFFFFFFFul, "key 'tokenizer.ggml.eos_token_id'", "found -1")]
    public void Integer_out_of_its_rule_is_refused(string integer, ulong value, params string[] named) => SmallModel.Refuses(Small.With(integer, value), named);

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(33u)]
    [InlineData(48u)]
    [InlineData(1u << 22)]
    [InlineData(1u << 31)]
    public void Alignment_is_a_power_of_two_within_bounds(uint alignment) =>
        SmallModel.Refuses(SmallModel.Bare().Add("general.alignment", alignment).ToBytes(), "key 'general.alignment'", "a power of two", $"found {alignment}");

    [Fact]
    public void Alignment_is_a_number() =>
        SmallModel.Refuses(SmallModel.Bare().Add("general.alignment", "32").ToBytes(), "key 'general.alignment'", "found string");

    [Fact]
    public void Keys_are_unique() => SmallModel.Refuses(new GgufWriter().Add("a", 1).Add("b", 1).Add("a", 2).ToBytes(), "key 'a'", "twice");

    [Fact]
    public void Tensor_names_are_unique() =>
        SmallModel.Refuses(SmallModel.Bare().Tensor("w", 0, [1], new byte[4]).ToBytes(), "tensor 'w'", "twice");

    [Fact]
    public void Keys_are_valid_utf8()
    {
        byte[] file = new GgufWriter().Add("key", 1).ToBytes();
        file[file.AsSpan().IndexOf("key"u8)] = 0xFF;
        SmallModel.Refuses(file, "valid UTF-8", "\uFFFDey");
    }

    [Theory]
    [InlineData(65535, true)]
    [InlineData(65536, false)]
    public void Keys_have_a_length_limit(int length, bool opens)
    {
        byte[] file = new GgufWriter().Add(new string('k', length), 1).ToBytes();
        if (opens)
            SmallModel.Open(file, model => Assert.Equal(2, model.Properties.Count));
        else
            SmallModel.Refuses(file, "key", "at most 65535 bytes, found 65536");
    }

    [Fact]
    public void Tensor_names_have_a_length_limit() =>
        SmallModel.Refuses(new GgufWriter().Tensor(new string('t', 1025), 0, [1], new byte[4]).ToBytes(), "name", "at most 1024 bytes, found 1025");

    [Fact]
    public void Tensors_may_stand_in_any_order_in_the_file()
    {
        GgufImage image = new GgufWriter().Tensor("a", 0, [8], new byte[32]).Tensor("b", 0, [8], new byte[32]).Build();
        byte[] swapped = image.With("tensor a: offset", 32);
        SmallModel.Refuses(swapped, "overlap");
        SmallModel.Open(new GgufImage(swapped, image.Integers).With("tensor b: offset", 0), model =>
            Assert.Equal(model.Tensors[0].Parts[0].Offset, model.Tensors[1].Parts[0].Offset + 32));
    }

    [Fact]
    public void Empty_file_is_refused() => SmallModel.Refuses([], "magic needs 4 bytes at 0, the file has 0 left");
}
