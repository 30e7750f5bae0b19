using System.Security.Cryptography;
using System.Text.Json;
using Tessera.Abstractions;

namespace Tessera.Format.Safetensors.Tests;

/// <summary>Malformed and unusual files (../shared/fixtures/hf-models/README.md, bad/): those to accept have the recorded tensors, those to refuse end in an error that names the file.</summary>
public sealed class BadFileTests
{
    private const int Files = 49;

    public static TheoryData<string> Names => [.. BadCases.All.Where(c => c.IsFile).Select(c => c.Name)];

    [Fact]
    public void Every_file_has_a_case()
    {
        BadCases.Require();
        Assert.Equal(Files, Names.Count);
        Assert.Equal(Directory.GetFiles(BadCases.Folder, "*.safetensors").Select(Path.GetFileName).Order(StringComparer.Ordinal), BadCases.All.Where(c => c.IsFile).Select(c => c.Name).Order(StringComparer.Ordinal));
        FixtureCount.Print("hf-models/bad", $"{Names.Count} files");
    }

    [Theory]
    [MemberData(nameof(Names), DisableDiscoveryEnumeration = true)]
    public void It_ends_as_its_case_says(string name)
    {
        BadCase it = BadCases.Require(name);
        using TestModelFiles files = TestModelFiles.OnDisk(it.Path);
        SafetensorsFile? file = null;
        ModelFormatException? error = null;
        try
        {
            file = SafetensorsFile.Read(files.TryOpen(name)!);
        }
        catch (ModelFormatException e)
        {
            error = e;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(error?.Message ?? $"{file!.Tensors.Count} tensors");
        if (it.Expect == "reject")
            Assert.Contains(name, Assert.IsType<ModelFormatException>(error).Message, StringComparison.Ordinal);
        if (it.Expect == "accept")
            Assert.Null(error);
        if (file is not null && it.Tensors is { } tensors)
            Check(file, tensors);
    }

    // The recorded lists of some files are cut.
    private static void Check(SafetensorsFile file, JsonElement tensors)
    {
        Dictionary<string, StoredTensor> found = file.Tensors.ToDictionary(t => t.Name);
        foreach (JsonProperty tensor in tensors.EnumerateObject())
        {
            StoredTensor stored = found[tensor.Name];
            Assert.Equal(tensor.Value.GetProperty("dtype").GetString(), Dtypes.Name(stored.Type));
            Assert.Equal(tensor.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()), stored.Shape);
            Assert.Equal(tensor.Value.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(stored.Bytes))[..16]);
        }
    }
}
