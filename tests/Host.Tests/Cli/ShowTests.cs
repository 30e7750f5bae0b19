using Tessera.Host.Tests.Serving;
using Tessera.TestSupport.Families;

namespace Tessera.Host.Tests.Cli;

/// <summary><c>tessera show</c>: whether a model runs, with what, or what is missing.</summary>
public sealed class ShowTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _config;

    public ShowTests() => _config = _folder.Write("host.yaml", TestServer.Yaml(_folder.Write("chain.gguf", ChainModel.Bytes())));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_that_runs_is_shown_with_the_plugin_of_each_part()
    {
        string output = await ShowAsync(ChainModel.Bytes());
        Assert.Matches(@"(?m)^runs +yes\s*$", output);
        Assert.DoesNotContain("missing", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^format +gguf \(format\.gguf \d+\.\d+\.\d+\)\s*$", output);
        Assert.Matches(@"(?m)^architecture llama, 33 operations \(built in\)\s*$", output);
        Assert.Matches(@"(?m)^type +f32, 21 tensors of \d+\.\d MB \(quant\.ggml \d+\.\d+\.\d+\)\s*$", output);
        Assert.Matches(@"(?m)^tokenizer +gpt2, pre-tokenizer gpt-2, 261 tokens \(tokenizer\.bpe \d+\.\d+\.\d+\)\s*$", output);
        Assert.Matches(@"(?m)^template +\d+ characters\s*$", output);
        Assert.Matches(@"(?m)^kernel +paged attention, .*, 2 times \(kernels\.cpu\)\s*$", output);
    }

    [Fact]
    public async Task Everything_that_is_missing_is_shown_at_once()
    {
        byte[] gguf = new GgufWriter("nevermodel")
            .Add("nevermodel.context_length", 64u)
            .AddArray("tessera.quantization.types", "secret4")
            .Add("tokenizer.ggml.model", "runes").AddArray("tokenizer.ggml.tokens", "a", "b")
            .Add("tokenizer.chat_template", "{% if %}")
            .Tensor("token_embd.weight", 65536, [2, 32], new byte[64]).Tensor("other.weight", 65536, [2, 32], new byte[64])
            .ToBytes();
        string output = await ShowAsync(gguf);
        Assert.Matches(@"(?m)^runs +no\s*$", output);
        Assert.Matches(@"(?m)^missing +quantization 'secret4' \('token_embd\.weight', 'other\.weight'\): no loaded plugin provides it; loaded are .*quant\.ggml", output);
        Assert.Matches(@"(?m)^missing +tokenizer: .*'runes'", output);
        Assert.Matches(@"(?m)^missing +architecture 'nevermodel' is not available; there are: .*gemma2.*llama", output);
        Assert.Matches(@"(?m)^template +cannot be read: ", output);
        Assert.DoesNotContain("kernel ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_tensor_or_pre_tokenizer_or_a_wrong_number_is_named()
    {
        TinyFamily model = TinyFamilies.Find("qwen3");
        string output = await ShowAsync(model.ToGguf(tensor: (name, shape) => name == "blk.1.attn_k_norm.weight" ? null : shape));
        Assert.Matches(@"(?m)^runs +no\s*$", output);
        Assert.Matches(@"(?m)^missing +qwen3: tensor 'blk\.1\.attn_k_norm\.weight' is missing", output);
        Assert.Matches(@"(?m)^missing +tokenizer: the files hold none\s*$", output);

        output = await ShowAsync(model.ToGguf("attention.head_count", "four"));
        Assert.Matches(@"(?m)^missing +metadata: qwen3\.attention\.head_count: expected a whole number, found string", output);

        GgufWriter vocabulary = new GgufWriter("qwen3").Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", "martian").AddArray("tokenizer.ggml.tokens", "a", "b").AddArray("tokenizer.ggml.merges", "a b");
        output = await ShowAsync(vocabulary.ToBytes());
        Assert.Matches(@"(?m)^missing +tokenizer: .*martian", output);
        Assert.Matches(@"(?m)^missing +weights: the files hold none\s*$", output);
    }

    [Fact]
    public async Task Types_that_ggml_does_not_have_are_reported_all_at_once_and_refused_where_the_model_would_run()
    {
        byte[] gguf = ChainModel.Bytes();
        foreach ((string tensor, uint type) in new[] { ("output.weight", 99u), ("blk.0.attn_q.weight", 99u), ("blk.1.attn_q.weight", 99u), ("blk.0.ffn_up.weight", 31u) })
            SetType(gguf, tensor, type);
        string output = await ShowAsync(gguf);
        Assert.Matches(@"(?m)^runs +no\s*$", output);
        Assert.Matches(@"(?m)^missing +quantization 'ggml-type-99' \('output\.weight', 'blk\.0\.attn_q\.weight', 'blk\.1\.attn_q\.weight'\): no loaded plugin provides it; loaded are .*quant\.ggml", output);
        Assert.Matches(@"(?m)^missing +quantization 'q4_0_4_4' \('blk\.0\.ffn_up\.weight'\): no loaded plugin", output);
        Assert.Matches(@"(?m)^warning: type 31 of tensor 'blk\.0\.ffn_up\.weight' \(q4_0_4_4\) was removed from the format: convert the model again\s*$", output);
        Assert.Matches(@"(?m)^warning: type 99 of tensor 'output\.weight' and 2 more is not known\s*$", output);
        Assert.Matches(@"(?m)^architecture llama, ", output);
        Assert.Matches(@"(?m)^tokenizer +gpt2, ", output);
        foreach (string[] command in new string[][] { ["run", "-p", "hi"], ["explain"], ["logits"] })
        {
            Finished finished = await TesseraProcess.RunAsync([command[0], _folder.Write("shown.gguf", gguf), .. command[1..], "--config", _config]);
            Assert.Equal((1, ""), (finished.Code, finished.Output));
            Assert.Contains("tensor 'blk.0.attn_q.weight' is of type 'ggml-type-99', which no loaded plugin provides", finished.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Many_unknown_types_and_tensors_are_counted()
    {
        GgufWriter gguf = new("nevermodel");
        for (uint type = 100; type < 140; type++)
            gguf.Tensor($"t{type}", type, [8], new byte[32]);
        for (int i = 0; i < 20; i++)
            gguf.Tensor($"u{i}", 200, [8], new byte[32]);
        string output = await ShowAsync(gguf.ToBytes());
        Assert.Matches(@"(?m)^missing +quantization 'ggml-type-200' \('u0', .*'u7' and 12 more\): ", output);
        Assert.Matches(@"(?m)^missing +9 more quantizations\s*$", output);
    }

    [Fact]
    public async Task What_is_wrong_with_numbers_and_with_tensors_is_told_together()
    {
        TinyFamily model = TinyFamilies.Find("qwen3");
        string output = await ShowAsync(model.ToGguf("rope.scaling.type", "spiral", (name, shape) => name.EndsWith("_norm.weight", StringComparison.Ordinal) && name.StartsWith("blk.1.attn_", StringComparison.Ordinal) ? null : shape));
        Assert.Matches(@"(?m)^missing +metadata: qwen3\.rope\.scaling\.type: expected none, linear, yarn, longrope or dynamic, found 'spiral'\s*$", output);
        Assert.Matches(@"(?m)^missing +qwen3: 3 tensors are not as they should be: tensor 'blk\.1\.attn_norm\.weight' is missing .*; tensor 'blk\.1\.attn_q_norm\.weight' is missing .*; tensor 'blk\.1\.attn_k_norm\.weight' is missing", output);
        Assert.DoesNotContain("cannot be used", output, StringComparison.Ordinal);
        Finished run = await TesseraProcess.RunAsync("logits", Path.Combine(_folder.Path, "shown.gguf"), "--config", _config);
        Assert.Equal((1, ""), (run.Code, run.Output));
        Assert.Contains("'spiral'", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shown.gguf", "FUGG", @"gguf: file 'shown\.gguf': header: magic: .*big-endian")]
    [InlineData("shown.gguf", "GGUF\u0001\0\0\0", @"gguf: file 'shown\.gguf': header: version: expected 2 or 3, found 1")]
    [InlineData("shown.onnx", "ONNX", @"shown\.onnx: no loaded format knows this file.*format\.gguf")]
    public async Task A_file_that_nothing_reads_is_reported(string name, string start, string missing)
    {
        Finished show = await TesseraProcess.RunAsync("show", _folder.Write(name, start.PadRight(64)), "--config", _config);
        Assert.True(show.Code == 0, $"{show}");
        Assert.Matches($@"^runs +no\r?\nmissing +{missing}", show.Output);
    }

    [Fact]
    public async Task A_corrupt_file_is_an_error()
    {
        Finished show = await TesseraProcess.RunAsync("show", _folder.Write("shown.gguf", ChainModel.Bytes()[..20_000]), "--config", _config);
        Assert.Equal((1, ""), (show.Code, show.Output));
        Assert.Contains("was it copied or downloaded whole?", show.Error, StringComparison.Ordinal);
    }

    private static void SetType(byte[] gguf, string tensor, uint type)
    {
        int dimensions = gguf.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(tensor)) + tensor.Length;
        BitConverter.TryWriteBytes(gguf.AsSpan(dimensions + sizeof(uint) + (BitConverter.ToInt32(gguf, dimensions) * sizeof(ulong))), type);
    }

    private async Task<string> ShowAsync(byte[] gguf)
    {
        Finished show = await TesseraProcess.RunAsync("show", _folder.Write("shown.gguf", gguf), "--config", _config);
        Assert.True(show.Code == 0, $"{show}");
        return show.Output;
    }
}
