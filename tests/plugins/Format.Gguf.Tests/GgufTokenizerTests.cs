using System.Text;

namespace Tessera.Format.Gguf.Tests;

public sealed class GgufTokenizerTests
{
    [Fact]
    public void Assets_are_read() => SmallModel.Open(SmallModel.Writer().ToBytes(), model =>
    {
        TokenizerAssets t = model.Tokenizer!;
        Assert.Equal(("llama", "default", "small"), (t.Model, t.PreTokenizer, t.ModelName));
        Assert.Equal(["<unk>"u8.ToArray(), "<s>"u8.ToArray(), [0xFF, 0xC3], "a"u8.ToArray()], t.Tokens);
        Assert.Equal([0, 0, -1, -2], t.Scores);
        Assert.Equal([TokenKind.Unknown, TokenKind.Control, TokenKind.Normal, TokenKind.Normal], t.Kinds);
        Assert.Equal(["a b", "c d"], t.Merges);
        Assert.Equal(new Dictionary<SpecialToken, int> { [SpecialToken.Unknown] = 0, [SpecialToken.Bos] = 1, [SpecialToken.Eos] = 3 }, t.Special);
        Assert.Equal((true, null, null, null), (t.AddBos, t.AddEos, t.AddSpacePrefix, t.RemoveExtraWhitespaces));
        Assert.Empty(t.PrecompiledCharsMap);
        Assert.Empty(t.Files);
        Assert.Equal("{{ messages }}", model.ChatTemplate);
    });

    [Fact]
    public void Every_special_token_has_its_key()
    {
        GgufWriter writer = new GgufWriter("bert").Add("tokenizer.ggml.model", "bert").AddArray("tokenizer.ggml.tokens", "0", "1", "2", "3", "4", "5", "6", "7", "8");
        string[] names = ["bos", "eos", "eot", "eom", "unknown", "seperator", "padding", "cls", "mask"];
        for (int i = 0; i < names.Length; i++)
            writer.Add($"tokenizer.ggml.{names[i]}_token_id", (uint)i);
        SmallModel.Open(writer.ToBytes(), model =>
        {
            SpecialToken[] roles = Enum.GetValues<SpecialToken>();
            Assert.Equal(names.Length, roles.Length);
            Assert.All(roles, role => Assert.Equal((int)role, model.Tokenizer!.Special[role]));
        });
    }

    [Fact]
    public void Optional_assets_are_read()
    {
        GgufWriter writer = new GgufWriter("t5")
            .Add("tokenizer.ggml.model", "t5")
            .AddArray("tokenizer.ggml.tokens", "a")
            .Add("tokenizer.ggml.add_eos_token", true)
            .Add("tokenizer.ggml.add_space_prefix", false)
            .Add("tokenizer.ggml.remove_extra_whitespaces", true)
            .AddArray("tokenizer.ggml.precompiled_charsmap", (byte)1, (byte)2, (byte)3)
            .Add("tokenizer.huggingface.json", "{}");
        SmallModel.Open(writer.ToBytes(), model =>
        {
            TokenizerAssets t = model.Tokenizer!;
            Assert.Equal((null, true, false, true), (t.AddBos, t.AddEos, t.AddSpacePrefix, t.RemoveExtraWhitespaces));
            Assert.Equal([1, 2, 3], t.PrecompiledCharsMap);
            Assert.Equal("{}", Encoding.UTF8.GetString(t.Files["tokenizer.json"]));
        });
    }

    [Fact]
    public void A_file_with_only_a_tokenizer_json_is_of_kind_hf() =>
        SmallModel.Open(new GgufWriter().Add("tokenizer.huggingface.json", "{}").ToBytes(), model => Assert.Equal("hf", model.Tokenizer!.Model));

    [Fact]
    public void Arrays_that_do_not_fit_the_vocabulary_are_refused()
    {
        SmallModel.Refuses(Vocabulary().AddArray("tokenizer.ggml.scores", 1f).ToBytes(), "tokenizer.ggml.scores", "array of 2", "array of 1 f32");
        SmallModel.Refuses(Vocabulary().AddArray("tokenizer.ggml.scores", 1f, float.NaN).ToBytes(), "tokenizer.ggml.scores", "NaN at index 1");
        SmallModel.Refuses(Vocabulary().AddArray("tokenizer.ggml.scores", "1", "2").ToBytes(), "tokenizer.ggml.scores", "string");
        SmallModel.Refuses(Vocabulary().AddArray("tokenizer.ggml.token_type", 1, 1, 1).ToBytes(), "tokenizer.ggml.token_type", "array of 2", "array of 3 i32");
        SmallModel.Refuses(Vocabulary().AddArray("tokenizer.ggml.token_type", 1, 7).ToBytes(), "tokenizer.ggml.token_type", "0 to 6", "7 at index 1");
        SmallModel.Refuses(Vocabulary().AddArray("tokenizer.ggml.merges", 1, 7).ToBytes(), "tokenizer.ggml.merges", "array of string", "array of 2 i32");
        SmallModel.Refuses(Vocabulary().Add("tokenizer.ggml.bos_token_id", 2u).ToBytes(), "tokenizer.ggml.bos_token_id", "0 to 1", "found 2");
        SmallModel.Refuses(Vocabulary().Add("tokenizer.ggml.bos_token_id", "1").ToBytes(), "tokenizer.ggml.bos_token_id", "found string");
        SmallModel.Refuses(Vocabulary().Add("tokenizer.ggml.add_bos_token", 1u).ToBytes(), "tokenizer.ggml.add_bos_token", "a bool", "found u32");
        SmallModel.Refuses(Vocabulary().AddArray("tokenizer.ggml.precompiled_charsmap", 1u).ToBytes(), "tokenizer.ggml.precompiled_charsmap", "array of u8");
        SmallModel.Refuses(new GgufWriter().AddArray("tokenizer.ggml.tokens", "a").ToBytes(), "tokenizer.ggml.model", "nothing");
        SmallModel.Refuses(new GgufWriter().Add("tokenizer.ggml.tokens", "a").ToBytes(), "tokenizer.ggml.tokens", "array of string");
        SmallModel.Refuses(new GgufWriter().Add("tokenizer.chat_template", 1u).ToBytes(), "tokenizer.chat_template", "found u32");
    }

    [Fact]
    public void A_large_vocabulary_allocates_little_more_than_its_text()
    {
        const int Count = 150_000;
        byte[] file = new GgufWriter().Add("tokenizer.ggml.model", "gpt2")
            .AddArray("tokenizer.ggml.tokens", [.. Enumerable.Range(0, Count).Select(i => Encoding.UTF8.GetBytes($"token{i}"))])
            .AddArray("tokenizer.ggml.scores", new float[Count]).ToBytes();
        using TestModelFiles files = TestModelFiles.Of(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelSource model = new GgufFormat().Open(files);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(Count, model.Tokenizer!.Tokens.Length);
        // An array of 11 bytes takes 40, its reference 8, its score 4.
        Assert.InRange(allocated, Count * 40, Count * 60);
    }

    private static GgufWriter Vocabulary() => new GgufWriter().Add("tokenizer.ggml.model", "llama").AddArray("tokenizer.ggml.tokens", "a", "b");
}
