using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;
using Tessera.Host.Tests.Serving;

namespace Tessera.Host.Tests.LifeCycle;

/// <summary>The relay plugin's packages, its model, and a configuration that serves it.</summary>
internal static class Relay
{
    public const string Id = "test.relay", Token = "let-me-in";
    private const int Letters = 26, HeaderBytes = 64;

    /// <summary>The package as it is built.</summary>
    public static string Package { get; } = Path.Combine(AppContext.BaseDirectory, "packages", Id);

    /// <summary>The model's file; see the plugin's format.</summary>
    public static byte[] Model()
    {
        byte[] bytes = new byte[HeaderBytes + 2 * Letters * Letters * sizeof(float)];
        "RELAY"u8.CopyTo(bytes);
        for (int row = 0; row < 2 * Letters; row++)
            BitConverter.TryWriteBytes(bytes.AsSpan(HeaderBytes + (row * Letters + row % Letters) * sizeof(float)), 1f);
        return bytes;
    }

    /// <summary>What follows a letter.</summary>
    public static string Expect(char after, int count, int step = 1) => string.Concat(Enumerable.Range(1, count).Select(i => (char)('a' + (after - 'a' + i * step) % Letters)));

    /// <summary>A version of the plugin with other defaults of its options.</summary>
    public static byte[] Version(TemporaryFolder folder, string version, string fault = "never", int step = 1, int delay = 3, int after = 20, int? drain = null, int mark = 0, Action<JsonObject>? edit = null, Action<string>? change = null) =>
        Repack.Bytes(folder, Id, version, Package, m =>
        {
            JsonObject options = m["options"]!.AsObject();
            foreach ((string name, JsonNode value) in new (string, JsonNode)[] { ("fault", fault), ("step", step), ("delay", delay), ("after", after), ("mark", mark) })
                options[name]!.AsObject()["default"] = value;
            if (drain is { } seconds)
                m["drainSeconds"] = seconds;
            edit?.Invoke(m);
        }, change);

    /// <summary>Writes model, plugins and configuration into a folder; the configuration's path.</summary>
    public static string Write(TemporaryFolder folder, int port, string plugins = "", string more = "", string options = "{ delay: 3 }", string models = "")
    {
        string package = Path.Combine(folder.Path, "plugins", Id);
        if (!Directory.Exists(package))
            PackageFiles.Copy(Package, package);
        folder.Write("relay.bin", Model());
        return folder.Write("host.yaml", Yaml(port, plugins, more, options, models));
    }

    /// <summary>Puts another version in the folder that somebody edits.</summary>
    public static void Replace(TemporaryFolder folder, byte[] package)
    {
        string target = Path.Combine(folder.Path, "plugins", Id), archive = folder.Write("replacement.tpk", package);
        Directory.Delete(target, recursive: true);
        Directory.CreateDirectory(target);
        PackageArchive.Extract(archive, target);
    }

    public static string Yaml(int port, string plugins = "", string more = "", string options = "{ delay: 3 }", string models = "") =>
        $$"""
        server: { urls: ["http://127.0.0.1:0"] }
        plugins:
          load: [{{Id}}]
          allowUnsigned: true
          {{(plugins.Length > 0 ? plugins : "probationSeconds: 1")}}
          {{(plugins.Contains("maxSlowdown", StringComparison.Ordinal) ? "" : "maxSlowdown: 0")}}
          {{(options.Length > 0 ? $"options: {{ \"{Id}\": {options} }}" : "")}}
        models: { default: relay, list: [ { name: relay, path: relay.bin }{{models}} ] }
        kv: { memory: 64MiB }
        engine: { threads: 1 }
        admin: { urls: ["http://127.0.0.1:{{port}}"], token: {{Token}} }
        {{more}}
        """;

    /// <summary>A port that nobody listens on; below those that systems give to clients, so that no connection takes it meanwhile.</summary>
    public static int FreePort()
    {
        while (true)
            try
            {
                int port = Random.Shared.Next(20_000, 32_000);
                using TcpListener listener = new(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // It is somebody's.
            }
    }
}

/// <summary>Packages made from those of the build.</summary>
internal static class Repack
{
    /// <summary>A package as somebody else's: another version, changed as a test wants.</summary>
    public static byte[] Bytes(TemporaryFolder folder, string id, string version, string source, Action<JsonObject>? edit = null, Action<string>? change = null, bool list = false)
    {
        string copy = Path.Combine(folder.Path, $"{version}-{Guid.NewGuid():N}", id), tpk = copy + ".tpk";
        PackageFiles.Copy(source, copy);
        string path = Path.Combine(copy, PluginManifest.FileName);
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        (manifest["id"], manifest["version"]) = (id, version);
        edit?.Invoke(manifest);
        PluginPackage package = new(id, copy);
        if (list)
            manifest["files"] = new JsonObject(PackageContent.Read(package).Files.Where(f => f.Key != PluginManifest.FileName).Select(f => KeyValuePair.Create<string, JsonNode?>(f.Key, f.Value)));
        File.WriteAllText(path, manifest.ToJsonString());
        change?.Invoke(copy);
        PackageArchive.Create(package, PackageContent.Read(package), tpk);
        return File.ReadAllBytes(tpk);
    }
}
