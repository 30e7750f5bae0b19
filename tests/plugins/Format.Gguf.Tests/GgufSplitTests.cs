namespace Tessera.Format.Gguf.Tests;

public sealed unsafe class GgufSplitTests
{
    private static (string Name, byte[] Bytes)[] Set(params int[] tensors) => SmallModel.Writer().ToSplit("small", tensors);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Opening_any_file_opens_the_set(int named)
    {
        (string Name, byte[] Bytes)[] set = Set(1, 2, 1);
        using TestModelFiles files = new([set[named], .. set.Where((_, i) => i != named)]);
        ModelSource model = new GgufFormat().Open(files);
        Assert.Equal(["token_embd.weight", "blk.0.attn_q.weight", "blk.0.ffn_gate_exps.weight", "output_norm.weight"], model.Tensors.Select(t => t.Name));
        Assert.Equal(["small-00001-of-00003.gguf", "small-00002-of-00003.gguf", "small-00002-of-00003.gguf", "small-00003-of-00003.gguf"], model.Tensors.Select(t => t.Parts[0].File.Name));
        Assert.Equal(("small", 4), (model.Metadata.Name, model.Tokenizer!.Tokens.Length));
        WeightPart part = model.Tensors[3].Parts[0];
        Assert.Equal(SmallModel.Bytes(128, 4), new ReadOnlySpan<byte>(part.Data, 128).ToArray());
    }

    [Fact]
    public void The_first_file_may_hold_no_tensors()
    {
        using TestModelFiles files = new(Set(0, 4));
        Assert.Equal(4, new GgufFormat().Open(files).Tensors.Length);
    }

    [Fact]
    public void A_set_opens_from_a_folder()
    {
        string folder = Directory.CreateTempSubdirectory("tessera-split").FullName;
        try
        {
            foreach ((string name, byte[] bytes) in Set(2, 2))
                File.WriteAllBytes(Path.Combine(folder, name), bytes);
            using TestModelFiles files = TestModelFiles.OnDisk(Path.Combine(folder, "small-00002-of-00002.gguf"));
            Assert.Equal(4, new GgufFormat().Open(files).Tensors.Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Each_missing_file_is_named() =>
        Refuses([Set(1, 1, 2)[1]], "small-00002-of-00003.gguf", "missing", "small-00001-of-00003.gguf, small-00003-of-00003.gguf");

    [Fact]
    public void A_renamed_file_is_refused()
    {
        (string Name, byte[] Bytes)[] set = Set(2, 2);
        Refuses([("model.gguf", set[0].Bytes)], "split.count", "-0000N-of-00002.gguf", "'model.gguf'");
        Refuses([(set[0].Name, set[1].Bytes), (set[1].Name, set[0].Bytes)], "split.no", "expected 0, found 1");
        Refuses([("small-00003-of-00002.gguf", set[0].Bytes)], "split.no", "1 to 2");
        Refuses([("small-00001-of-00003.gguf", set[0].Bytes)], "split.count", "set of 2");
    }

    [Fact]
    public void Files_of_different_sets_are_refused()
    {
        Refuses([Set(2, 2)[0], Set(1, 3)[1]], "split.tensors.count", "expected 5, found 4");
        Refuses([Set(2, 2)[0], ("small-00002-of-00002.gguf", Set(1, 1, 2)[1].Bytes)], "split.count", "expected 2, found 3");
        Refuses([Set(2, 2)[0], ("small-00002-of-00002.gguf", new GgufWriter().ToBytes())], "small-00002-of-00002.gguf", "split.no", "expected 1, found nothing");
    }

    [Fact]
    public void A_tensor_name_is_unique_in_the_set()
    {
        (string Name, byte[] Bytes)[] set = SmallModel.Bare().Tensor("v", 0, [1], new byte[4]).ToSplit("small", 1, 1);
        set[1].Bytes[set[1].Bytes.AsSpan().LastIndexOf("v"u8)] = (byte)'w';
        Refuses(set, "small-00002-of-00002.gguf", "tensor 'w'", "once in the set");
    }

    [Fact]
    public void Counts_are_whole_numbers_within_bounds()
    {
        Refuses([("test.gguf", SmallModel.Bare().Add("split.count", 0).ToBytes())], "split.count", "1 to 1024", "found 0");
        Refuses([("test.gguf", SmallModel.Bare().Add("split.count", uint.MaxValue).ToBytes())], "split.count", "found 4294967295");
        Refuses([("test.gguf", SmallModel.Bare().Add("split.count", 60000).ToBytes())], "split.count", "1 to 1024", "found 60000");
        Refuses([("test.gguf", SmallModel.Bare().Add("split.count", "2").ToBytes())], "split.count", "found string");
        Refuses([("test.gguf", SmallModel.Bare().Add("split.count", 1).Add("split.no", 1).ToBytes())], "split.no", "expected 0, found 1");
    }

    private static void Refuses((string, byte[])[] set, params string[] named)
    {
        using TestModelFiles files = new(set);
        string message = Assert.Throws<ModelFormatException>(() => new GgufFormat().Open(files)).Message;
        foreach (string name in named)
            Assert.Contains(name, message, StringComparison.Ordinal);
    }
}
