using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Tests;

/// <summary>Copies of the test plugin's package in a folder of its own, changed as a test wants.</summary>
internal sealed class TestPackages : IDisposable
{
    public const string Echo = "test.echo";
    private readonly TemporaryFolder _folder = new();

    public string Folder => Path.Combine(_folder.Path, "plugins");

    public string Store => Path.Combine(_folder.Path, "store");

    /// <summary>Copies a package under an id and edits its manifest.</summary>
    public string Add(string id = Echo, Action<JsonObject>? edit = null, string of = Echo)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "packages", of);
        string target = Path.Combine(Folder, id);
        Directory.CreateDirectory(target);
        PackageFiles.Copy(source, target);
        string manifest = Path.Combine(target, PluginManifest.FileName);
        JsonObject json = JsonNode.Parse(File.ReadAllText(manifest))!.AsObject();
        json["id"] = id;
        edit?.Invoke(json);
        File.WriteAllText(manifest, json.ToJsonString());
        return target;
    }

    public PluginsConfiguration Configuration(string[] load, params (string Name, string Value)[] options) => new()
    {
        Folders = [Folder],
        Store = Store,
        Load = load,
        AllowUnsigned = true,
        Options = new Dictionary<string, IReadOnlyList<PluginOption>>
        {
            [Echo] = [.. options.Select(o => new PluginOption(o.Name, false, new ConfigurationValue($"{Echo}.{o.Name}", new ConfigurationPlace("host.yaml", 7), o.Value, o.Value, IsText: false)))],
        },
    };

    public PluginHost Load(params (string Name, string Value)[] options) => Load(Configuration([Echo], options));

    public static PluginHost Load(PluginsConfiguration configuration) =>
        PluginHost.Load(configuration, new TrustedFiles([]), NullLoggerFactory.Instance);

    public void Dispose() => _folder.Dispose();
}
