using Tessera.Host.Tests.Serving;
using Tessera.TestSupport.Families;

namespace Tessera.Host.Tests.Cli;

/// <summary><c>tessera show</c>: whether a model runs, with what, or what is missing.</summary>
[Collection(ServingCollection.Name)]
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
        Assert.Matches(@"(?m)^missing +quantization 'secret4' \(2 tensors, such as 'token_embd\.weight'\): no loaded plugin provides it; loaded are .*quant\.ggml", output);
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

    private async Task<string> ShowAsync(byte[] gguf)
    {
        Finished show = await TesseraProcess.RunAsync("show", _folder.Write("shown.gguf", gguf), "--config", _config);
        Assert.True(show.Code == 0, $"{show}");
        return show.Output;
    }
}
