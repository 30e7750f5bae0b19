using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.Kit;

/// <summary>A plugin of each kind, as it comes from its template.</summary>
[Collection(WorkshopCollection.Name)]
public sealed class TemplateTests(AuthorWorkshop workshop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => [.. AuthorWorkshop.Kinds];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_builds_with_the_contract_alone_is_packed_and_passes_the_kit(string kind)
    {
        string output = workshop.OutputOf(kind), name = AuthorWorkshop.NameOf(kind), tpk = Path.Combine(_folder.Path, "plugin.tpk");
        Assert.Equal([$"{name}.dll"], Directory.EnumerateFiles(output, "*.dll").Select(Path.GetFileName));
        AuthorWorkshop.Done(await TesseraProcess.RunAsync("plugins", "pack", output, tpk));
        string report = AuthorWorkshop.Done(await TesseraProcess.RunAsync("plugins", "verify", tpk, "--allow-unsigned"));
        Assert.Contains($"{name.ToLowerInvariant()} 1.0.0: contract 0.1", report, StringComparison.Ordinal);
        Assert.Contains("nothing that keeps a plugin from being unloaded", report, StringComparison.Ordinal);
        Assert.Contains("exercise       50 times, loaded 5 times; all unloaded after", report, StringComparison.Ordinal);
        Assert.Matches(@"time +\d+\.\d\d of that in a context that cannot be unloaded", report);
        Assert.Contains("\npassed, ", report, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper!.WriteLine(report);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_command_writes_the_same_files_as_the_template(string kind)
    {
        string name = AuthorWorkshop.NameOf(kind), mine = Path.Combine(_folder.Path, name), theirs = Path.Combine(workshop.Folder, kind);
        AuthorWorkshop.Done(await TesseraProcess.RunAsync("plugins", "new", name, "--kind", kind, "-o", mine));
        string[] files = [.. Directory.EnumerateFiles(mine, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(mine, f)).Order(StringComparer.Ordinal)];
        Assert.Equal(files, Directory.EnumerateFiles(theirs, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(theirs, f)).Where(f => f.Split('/')[0] is not ("bin" or "obj")).Order(StringComparer.Ordinal));
        foreach (string file in files)
            Assert.Equal(File.ReadAllBytes(Path.Combine(theirs, file)), File.ReadAllBytes(Path.Combine(mine, file)));
    }

    [Theory]
    [InlineData("no kind 'kernels'; expected decoding, format, kernel, quantization, tokenizer; did you mean 'kernel'?", "Acme.X", "kernels")]
    [InlineData("name 'Acme Quant': expected words of letters and digits with dots between them", "Acme Quant", "kernel")]
    public async Task A_kind_or_name_that_cannot_be_is_refused(string says, string name, string kind)
    {
        Finished finished = await TesseraProcess.RunAsync("plugins", "new", name, "--kind", kind, "-o", Path.Combine(_folder.Path, "x"));
        Assert.Equal(1, finished.Code);
        Assert.Contains(says, finished.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder.Path, "x")));
    }

    [Fact]
    public async Task A_folder_that_holds_something_is_left_alone()
    {
        _folder.Write("mine.txt", "x");
        Finished finished = await TesseraProcess.RunAsync("plugins", "new", "Acme.X", "--kind", "kernel", "-o", _folder.Path);
        Assert.Equal((1, 1), (finished.Code, Directory.EnumerateFileSystemEntries(_folder.Path).Count()));
    }

    [Fact]
    public async Task The_kits_checks_run_without_a_host_from_their_package()
    {
        string report = AuthorWorkshop.Done(await workshop.DotnetAsync(Path.Combine(workshop.OutputOf("Quant.Sample.Checks"), "Quant.Sample.Checks.dll")));
        Assert.Equal(["quantization 'sample3' on golden/sample3.json: ok", "quantization 'sample3_unpack' on golden/sample3_unpack.json: ok", "quantization 'sample3': ok", "quantization 'sample3_unpack': ok"], report.TrimEnd().Split('\n'));
    }
}
