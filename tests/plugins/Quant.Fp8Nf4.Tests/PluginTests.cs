using System.Text.Json;

namespace Tessera.Quant.Fp8Nf4.Tests;

public class PluginTests
{
    [Fact]
    public void The_manifest_names_every_type_that_is_registered()
    {
        string path = Path.Combine(Shared.RepositoryRoot, "plugins", "Quant.Fp8Nf4", "plugin.json");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(path));
        Assert.Equal(manifest.RootElement.GetProperty("provides").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()), Types.All.Select(type => type.Id));
        Assert.Equal(typeof(QuantFp8Nf4Plugin).FullName, manifest.RootElement.GetProperty("entryType").GetString());
    }

    [Fact]
    public void No_other_project_of_the_product_names_this_package()
    {
        string[] projects = [.. Directory.EnumerateFiles(Shared.RepositoryRoot, "*.csproj", SearchOption.AllDirectories)
            .Where(p => !Path.GetRelativePath(Shared.RepositoryRoot, p).StartsWith("tests", StringComparison.Ordinal) && Path.GetFileNameWithoutExtension(p) is not "Quant.Fp8Nf4")];
        Assert.True(projects.Length > 10);
        Assert.DoesNotContain(projects, p => File.ReadAllText(p).Contains("Fp8Nf4", StringComparison.Ordinal));
    }
}
