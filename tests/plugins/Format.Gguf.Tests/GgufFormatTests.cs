using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Format.Gguf.Tests;

public sealed unsafe class GgufFormatTests
{
    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void Open_reads_tensors_in_the_files_order_with_shapes_outermost_first(uint version)
    {
        GgufWriter writer = SmallModel.Writer();
        writer.Version = version;
        SmallModel.Open(writer.ToBytes(), model =>
        {
            Assert.Equal("gguf", model.Format);
            Assert.Equal(
                ["token_embd.weight f32 [4, 32]", "blk.0.attn_q.weight q4_0 [3, 64]", "blk.0.ffn_gate_exps.weight f16 [2, 3, 5]", "output_norm.weight f32 [32]"],
                model.Tensors.Select(t => t.ToString()));
            Assert.Equal([512L, 108L, 60L, 128L], model.Tensors.Select(t => t.Bytes));
            for (int i = 0; i < model.Tensors.Length; i++)
            {
                WeightPart part = Assert.Single(model.Tensors[i].Parts);
                Assert.Equal("data", part.Name);
                Assert.Equal(0, part.Offset % 32);
                byte[] expected = SmallModel.Bytes((int)part.Length, (byte)(i + 1));
                Assert.Equal(expected, new ReadOnlySpan<byte>(part.Data, expected.Length).ToArray());
            }
        });
    }

    [Theory]
    [InlineData(8u)]
    [InlineData(64u)]
    [InlineData(4096u)]
    public void Open_honours_the_alignment(uint alignment)
    {
        GgufWriter writer = SmallModel.Writer();
        writer.Alignment = alignment;
        SmallModel.Open(writer.ToBytes(), model =>
        {
            WeightPart part = model.Tensors[2].Parts[0];
            Assert.Equal(0, part.Offset % alignment);
            Assert.Equal(SmallModel.Bytes(60, 3), new ReadOnlySpan<byte>(part.Data, 60).ToArray());
        });
    }

    [Fact]
    public void Open_does_not_need_padding_after_the_last_tensor()
    {
        byte[] file = new GgufWriter().Tensor("w", 0, [1, 3], SmallModel.Bytes(12, 1)).ToBytes();
        SmallModel.Open(file[..^20], model => Assert.Equal(12, model.Tensors[0].Bytes));
        SmallModel.Refuses(file[..^21], "tensor 'w'", "needs 12 bytes", "11 left");
    }

    [Fact]
    public void Open_reads_a_file_without_tensors() =>
        SmallModel.Open(new GgufWriter().ToBytes(), model =>
        {
            Assert.Empty(model.Tensors);
            Assert.Null(model.Tokenizer);
            Assert.Null(model.ChatTemplate);
            Assert.Equal("llama", model.Metadata.Architecture);
        });

    [Fact]
    public void Open_names_types_from_65536_by_the_files_own_list_and_gives_them_the_bytes_up_to_the_next_tensor()
    {
        byte[] file = new GgufWriter()
            .AddArray("tessera.quantization.types", "my_type", "other")
            .Tensor("a", 65537, [2, 5], SmallModel.Bytes(40, 1))
            .Tensor("b", 0, [1, 2], SmallModel.Bytes(8, 2))
            .Tensor("c", 65536, [7], SmallModel.Bytes(32, 3))
            .ToBytes();
        SmallModel.Open(file, model =>
        {
            Assert.Equal(["other", "f32", "my_type"], model.Tensors.Select(t => t.Quantization));
            Assert.Equal([64L, 8L, 32L], model.Tensors.Select(t => t.Bytes));
        });
        SmallModel.Refuses(new GgufWriter().AddArray("tessera.quantization.types", "x").Tensor("a", 65537, [2], new byte[8]).ToBytes(), "tensor 'a'", "65537", "entry 1", "has 1");
        SmallModel.Refuses(new GgufWriter().Tensor("a", 65536, [2], new byte[8]).ToBytes(), "tensor 'a'", "tessera.quantization.types", "has 0");
        SmallModel.Refuses(new GgufWriter().Add("tessera.quantization.types", 3).ToBytes(), "tessera.quantization.types", "array of strings", "i32");
        SmallModel.Refuses(new GgufWriter().AddArray("tessera.quantization.types", "").ToBytes(), "tessera.quantization.types", "entry 0");
    }

    [Fact]
    public void Properties_show_every_key_and_shorten_long_values()
    {
        byte[] file = SmallModel.Writer()
            .AddArray("test.long", Enumerable.Range(0, 1000).ToArray())
            .Add("test.text", new string('x', 1000))
            .Add("test.control", "a\n\u001b[31m")
            .ToBytes();
        SmallModel.Open(file, model =>
        {
            IReadOnlyDictionary<string, string> properties = model.Properties;
            Assert.Equal("small", properties["general.name"]);
            Assert.Equal("128", properties["llama.context_length"]);
            Assert.Equal("true", properties["llama.use_parallel_residual"]);
            Assert.Equal("1E-05", properties["llama.attention.layer_norm_rms_epsilon"]);
            Assert.Equal("[1, 2]", properties["test.u8"]);
            Assert.Equal("[-1]", properties["test.i64"]);
            Assert.Equal("[0.5, 1.5]", properties["test.f32"]);
            Assert.Equal("[true, false]", properties["test.bool"]);
            Assert.Equal("[]", properties["test.empty"]);
            Assert.Equal("[\"a b\", \"c d\"]", properties["tokenizer.ggml.merges"]);
            Assert.Equal("[0, 1, 2, 3, 4, 5, 6, 7, …] (1000 values)", properties["test.long"]);
            Assert.Equal(new string('x', 256) + "… (1000 bytes)", properties["test.text"]);
            Assert.Equal("a\\n\\u001b[31m", properties["test.control"]);
            Assert.Equal(43, properties.Count);
        });
    }

    [Fact]
    public void Strings_that_are_not_utf8_decode_with_replacement_characters_and_tokens_keep_their_bytes() =>
        SmallModel.Open(SmallModel.Writer().Add("tokenizer.ggml.custom", [0x61, 0xFF]).ToBytes(), model =>
        {
            Assert.Equal("a\uFFFD", model.Properties["tokenizer.ggml.custom"]);
            Assert.Equal([0xFF, 0xC3], model.Tokenizer!.Tokens[2]);
        });

    [Fact]
    public void Probe_knows_its_files_by_magic_or_ending()
    {
        GgufFormat format = new();
        Assert.True(format.Probe("GGUF\x03\0\0\0"u8, "model.bin"));
        Assert.True(format.Probe([], "model.gguf"));
        Assert.False(format.Probe("PK\x03\x04"u8, "model.safetensors"));
        Assert.False(format.Probe("GGU"u8, "model"));
    }

    [Fact]
    public void Open_says_when_the_file_is_absent_or_a_folder()
    {
        using TestModelFiles absent = TestModelFiles.OnDisk(Path.Combine(Path.GetTempPath(), "absent-7c1f.gguf"));
        Assert.Contains("absent-7c1f.gguf", Assert.Throws<ModelFormatException>(() => new GgufFormat().Open(absent)).Message, StringComparison.Ordinal);
        using TestModelFiles folder = TestModelFiles.OnDisk(AppContext.BaseDirectory);
        Assert.Contains("folder", Assert.Throws<ModelFormatException>(() => new GgufFormat().Open(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plugin_registers_the_format_and_its_writer()
    {
        ServiceCollection services = new();
        new FormatGgufPlugin().Configure(services, new Dictionary<string, string>());
        Assert.Equal(
            [(typeof(IWeightFormat), typeof(GgufFormat), ServiceLifetime.Singleton), (typeof(IWeightWriter), typeof(Tessera.Format.Gguf.Writing.GgufWeightWriter), ServiceLifetime.Singleton)],
            services.Select(s => (s.ServiceType, s.ImplementationType, s.Lifetime)));
    }
}
