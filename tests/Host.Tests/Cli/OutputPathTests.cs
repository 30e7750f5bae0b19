using Tessera.Host.Cli;
using Tessera.Host.Files;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Cli;

/// <summary>What a command may not write over: files that the model is read from, by whatever name, and files that are not its own.</summary>
public sealed class OutputPathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model, _config;

    public OutputPathTests()
    {
        _model = _folder.Write("w/a.gguf", ChainModel.Bytes());
        _config = _folder.Write("host.yaml", TestServer.Yaml(_model).Replace("[format.gguf,", "[format.gguf, format.safetensors, quant.numbers,", StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_is_not_replaced_through_links()
    {
        string folder = LinkFolder("lnk", "w"), file = LinkFile("one.gguf", Path.Combine("lnk", "a.gguf"));
        byte[] before = File.ReadAllBytes(_model);
        foreach ((string from, string to) in new[] { (_model, Path.Combine(folder, "a.gguf")), (Path.Combine(folder, "a.gguf"), _model), (_model, file), (file, _model), (file, file) })
            await RefusedAsync($"{to}: this is the model's own file '{Path.GetFileName(from)}', which cannot be written over", "quantize", from, to, "Q8_0");
        Assert.Equal(before, File.ReadAllBytes(_model));
        Assert.Equal(Path.Combine("lnk", "a.gguf"), new FileInfo(file).LinkTarget);
        await RefusedAsync("the model's own file 'a.gguf'", "convert", _model, Path.Combine(folder, "a.gguf"));
    }

    [Fact]
    public async Task Weights_are_not_replaced_by_a_tensor()
    {
        _folder.Write("model/config.json", """{"architectures": ["LlamaForCausalLM"]}""");
        byte[] weights = new SafetensorsWriter().Add("model.norm.weight", [8], new float[8]).ToBytes();
        string file = _folder.Write("model/model.safetensors", weights), folder = Path.GetDirectoryName(file)!;
        await RefusedAsync("the model's own file 'model.safetensors'", "show", folder, "--tensor", "model.norm.weight", "--out", file);
        await RefusedAsync("the model's own file 'config.json'", "show", folder, "--tensor", "model.norm.weight", "--out", Path.Combine(folder, "config.json"));
        Assert.Equal(weights, File.ReadAllBytes(file));

        string output = Path.Combine(folder, "norm.bin"), part = _folder.Write("model/norm.bin.part", "mine");
        Finished done = await TesseraProcess.RunAsync("show", folder, "--tensor", "model.norm.weight", "--out", output, "--config", _config);
        Assert.True(done.Code == 0, $"{done}");
        Assert.Equal(new byte[32], File.ReadAllBytes(output));
        Assert.Equal("mine", File.ReadAllText(part));
        Assert.Equal(["config.json", "model.safetensors", "norm.bin", "norm.bin.part"], Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_file_of_a_model_is_refused_and_its_neighbours_are_not()
    {
        string second = _folder.Write("w/b.gguf", "second");
        _folder.Write("w/other.gguf", "other");
        string link = LinkFolder("lnk", "w");
        using ModelFiles files = ModelFiles.At(_model, mmap: true);
        Assert.NotNull(files.TryOpen("a.gguf"));
        Assert.NotNull(files.TryOpen("b.gguf"));
        foreach (string output in (string[])[second, Path.Combine(link, "b.gguf"), Path.Combine(link, "..", "w", ".", "b.gguf")])
            Assert.Contains("'b.gguf'", Assert.Throws<TesseraException>(() => OutputPath.RequireOther(output, files)).Message, StringComparison.Ordinal);
        foreach (string output in (string[])["other.gguf", "new.gguf"])
            OutputPath.RequireOther(Path.Combine(link, output), files);
    }

    [Fact]
    public async Task A_name_at_which_no_file_can_be_is_told()
    {
        await RefusedAsync("tessera: the output's name is empty", "convert", _model, "");
        await RefusedAsync("tessera: the output's name is empty", "show", _model, "--tensor", "output_norm.weight", "--out", "");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "no file can be made in /proc");
        await RefusedAsync("tessera: /proc/x.gguf: no file can be made beside it: ", "convert", _model, "/proc/x.gguf");
        await RefusedAsync("tessera: /proc/x.bin: no file can be made beside it: ", "show", _model, "--tensor", "output_norm.weight", "--out", "/proc/x.bin");
    }

    private string LinkFolder(string name, string target)
    {
        string path = Path.Combine(_folder.Path, name);
        Directory.CreateSymbolicLink(path, target);
        return path;
    }

    private string LinkFile(string name, string target)
    {
        string path = Path.Combine(_folder.Path, name);
        File.CreateSymbolicLink(path, target);
        return path;
    }

    private async Task RefusedAsync(string error, params string[] arguments)
    {
        Finished refused = await TesseraProcess.RunAsync([.. arguments, "--config", _config]);
        Assert.Equal((1, ""), (refused.Code, refused.Output));
        Assert.Contains(error, refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
    }
}
