using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Tessera.Quant.Ggml.Tests;

public class PluginTests
{
    [Fact]
    public void The_manifest_names_every_type_that_is_registered()
    {
        ServiceCollection services = new();
        new QuantGgmlPlugin().Configure(services, new Dictionary<string, string>());
        using ServiceProvider provider = services.BuildServiceProvider();
        string[] registered = [.. provider.GetServices<IQuantization>().Select(type => type.Id)];

        string path = Path.Combine(Shared.RepositoryRoot, "plugins", "Quant.Ggml", "plugin.json");
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(path));
        string[] provided = [.. manifest.RootElement.GetProperty("provides").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!)];
        Assert.Equal(provided, registered);
        Assert.Equal(typeof(QuantGgmlPlugin).FullName, manifest.RootElement.GetProperty("entryType").GetString());
        Assert.Equal(registered.Length, registered.Distinct().Count());
    }
}
