using System.Text.Json;

namespace Tessera.Quant.Common.Tests;

public class PluginTests
{
    public static TheoryData<int> Indexes => [.. Enumerable.Range(0, Types.Plugins.Count)];

    [Theory, MemberData(nameof(Indexes))]
    public void The_manifest_names_every_type_that_is_registered(int index)
    {
        IPlugin plugin = Types.Plugins[index];
        string path = Path.Combine(Shared.RepositoryRoot, "plugins", plugin.GetType().Namespace!["Tessera.".Length..], "plugin.json");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(path));
        Assert.Equal(manifest.RootElement.GetProperty("provides").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()), Types.Of(plugin).Select(type => type.Id));
        Assert.Equal(plugin.GetType().FullName, manifest.RootElement.GetProperty("entryType").GetString());
    }
}
