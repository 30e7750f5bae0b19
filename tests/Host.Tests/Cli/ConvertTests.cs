using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Cli;

/// <summary><c>tessera convert</c> and <c>tessera quantize</c>: what they write and say, and what an error leaves.</summary>
public sealed class ConvertTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _config, _model, _output;

    public ConvertTests()
    {
        _model = _folder.Write("chain.gguf", ChainModel.Bytes());
        _config = _folder.Write("host.yaml", TestServer.Yaml(_model));
        _output = Path.Combine(_folder.Path, "out.gguf");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_quantized_file_runs_and_the_output_says_what_became_of_the_tensors()
    {
        Finished done = await TesseraProcess.RunAsync("quantize", _model, _output, "q4_k_m", "--config", _config);
        Assert.True(done.Code == 0, $"{done}");
        Assert.Matches(@"(?m)^note: q5_0 instead of q4_k: \d+ tensors with rows of 128 values \(token_embd\.weight, blk\.0\.attn_q\.weight, ", done.Output);
        Assert.Matches(@"(?m)^q5_0 +\d+ tensors +\d+\.\d MB\s*$", done.Output);
        // No terminal, no bar.
        Assert.Equal("", done.Error);
        Assert.Matches(@"(?m)out\.gguf: llama, Q4_K_M, 21 tensors, \d+\.\d MB, \d+\.\d\d bits a weight\s*$", done.Output);
        Finished show = await TesseraProcess.RunAsync("show", _output, "--config", _config);
        Assert.Matches(@"(?m)^general\.file_type = 15\s*$", show.Output);
        Assert.Matches(@"(?m)^runs +yes\s*$", show.Output);

        await RefusedAsync(["'token_embd.weight' is of type q5_0 already", "--requantize"], "quantize", _output, Path.Combine(_folder.Path, "twice.gguf"), "Q4_0");
        Finished twice = await TesseraProcess.RunAsync("quantize", _output, Path.Combine(_folder.Path, "twice.gguf"), "Q4_0", "--requantize", "--config", _config);
        Assert.True(twice.Code == 0, $"{twice}");
        Assert.Matches(@"(?m)^note: \d+ tensors were quantized already", twice.Output);
    }

    [Fact]
    public async Task Without_a_type_the_values_stay_as_they_are()
    {
        Finished done = await TesseraProcess.RunAsync("convert", _model, _output, "--config", _config);
        Assert.True(done.Code == 0, $"{done}");
        Assert.Contains(": llama, F32, 21 tensors", done.Output, StringComparison.Ordinal);
        Assert.Equal("", done.Error);
        string before = Path.Combine(_folder.Path, "before.bin"), after = Path.Combine(_folder.Path, "after.bin");
        await TesseraProcess.RunAsync("show", _model, "--tensor", "blk.1.ffn_down.weight", "--out", before, "--config", _config);
        await TesseraProcess.RunAsync("show", _output, "--tensor", "blk.1.ffn_down.weight", "--out", after, "--config", _config);
        Assert.Equal(File.ReadAllBytes(before), File.ReadAllBytes(after));
    }

    [Fact]
    public async Task What_is_wrong_is_named_and_what_was_there_stays()
    {
        await RefusedAsync(["out.bin", "no loaded plugin writes"], "convert", _model, Path.Combine(_folder.Path, "out.bin"));
        await RefusedAsync(["'Q9_9'", "Q4_K_M", "Q8_0"], "quantize", _model, _output, "Q9_9");
        await RefusedAsync(["chain.gguf", "the model's own file"], "convert", _model, _model);
        Assert.False(File.Exists(_output));
        string nowhere = Path.Combine(_folder.Path, "nowhere", "out.gguf");
        await RefusedAsync(["out.gguf: there is no folder", "nowhere'"], "convert", _model, nowhere);
        await RefusedAsync(["out.gguf: there is no folder"], "show", _model, "--tensor", "output_norm.weight", "--out", nowhere);
        await RefusedAsync(["expected the name of a file to write, found a folder"], "quantize", _model, _folder.Path, "Q8_0");

        byte[] odd = new GgufWriter().Add("llama.block_count", 1u).Tensor("blk.0.attn_q.weight", [2, 32], [.. Enumerable.Repeat(1f, 40), float.NaN, .. Enumerable.Repeat(1f, 23)]).ToBytes();
        File.WriteAllText(_output, "what was there");
        await RefusedAsync(["'blk.0.attn_q.weight'", "row 1, column 8", "NaN"], "quantize", _folder.Write("odd.gguf", odd), _output, "Q8_0");
        byte[] large = new GgufWriter().Add("llama.block_count", 1u).Tensor("blk.0.attn_q.weight", [1, 2, 32], [.. Enumerable.Repeat(70_000f, 64)]).ToBytes();
        await RefusedAsync(["'blk.0.attn_q.weight'", "70000", "f16"], "quantize", _folder.Write("large.gguf", large), _output, "F16");
        Assert.Equal("what was there", File.ReadAllText(_output));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.part"));
    }

    private async Task RefusedAsync(string[] named, params string[] arguments)
    {
        Finished refused = await TesseraProcess.RunAsync([.. arguments, "--config", _config]);
        Assert.Equal(1, refused.Code);
        Assert.All(named, n => Assert.Contains(n, refused.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
    }
}
