using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tessera.Architecture.Tests;

/// <summary>host.yaml alone names plugins, and a plugin's id is its folder.</summary>
public sealed partial class PluginNameTests
{
    // A reference to a plugin's assembly is not drawn (see the arrows), so a plugin can be named by its namespace or in a text only.
    [Fact]
    public void No_plugin_and_no_type_of_one_is_named_in_Engine_or_Host()
    {
        string[] folders = [.. Directory.EnumerateDirectories(Path.Combine(Shared.RepositoryRoot, "plugins")).Select(d => Path.GetFileName(d)!)];
        HashSet<string> names = [.. Sources("plugins").SelectMany(f => TypeDeclaration().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value), .. folders.Select(f => f.ToLowerInvariant())];
        Assert.True(names.Count > 10, "no plugin's types were found");
        List<string> named = [];
        foreach (string file in Sources("Engine", "Host"))
        {
            string text = Comment().Replace(File.ReadAllText(file), "");
            named.AddRange(folders.Where(f => text.Contains($"Tessera.{f}", StringComparison.Ordinal)).Select(f => $"{Path.GetFileName(file)}: Tessera.{f}"));
            named.AddRange(Text().Matches(text).Select(m => m.Groups[1].Value).Where(names.Contains).Select(t => $"{Path.GetFileName(file)}: \"{t}\""));
        }
        Assert.Empty(named);
    }

    [Fact]
    public void A_plugins_id_is_its_folder_in_lower_case()
    {
        string[] manifests = [.. Directory.EnumerateDirectories(Path.Combine(Shared.RepositoryRoot, "plugins")).Select(d => Path.Combine(d, "plugin.json")).Where(File.Exists)];
        Assert.NotEmpty(manifests);
        foreach (string manifest in manifests)
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(manifest));
            Assert.Equal(Path.GetFileName(Path.GetDirectoryName(manifest))!.ToLowerInvariant(), json.RootElement.GetProperty("id").GetString());
        }
    }

    [Fact]
    public void The_shipped_configuration_loads_every_first_party_plugin_and_no_other()
    {
        Match load = LoadList().Match(File.ReadAllText(Path.Combine(Shared.RepositoryRoot, "host.yaml")));
        Assert.True(load.Success, "host.yaml has no list plugins.load");
        IEnumerable<string> loaded = load.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> there = Directory.EnumerateFiles(Path.Combine(Shared.RepositoryRoot, "plugins"), "plugin.json", SearchOption.AllDirectories)
            .Where(p => Path.GetDirectoryName(Path.GetDirectoryName(p)) == Path.Combine(Shared.RepositoryRoot, "plugins"))
            .Select(p => Path.GetFileName(Path.GetDirectoryName(p))!.ToLowerInvariant());
        Assert.Equal(there.Order(), loaded.Order());
    }

    private static IEnumerable<string> Sources(params string[] folders) =>
        folders.SelectMany(f => Directory.EnumerateFiles(Path.Combine(Shared.RepositoryRoot, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [GeneratedRegex(@"\b(?:class|struct|record|enum|interface)\s+(?:struct\s+|class\s+)?([A-Z]\w+)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex("\"([^\"\\n]*)\"")]
    private static partial Regex Text();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^\s*load:\s*\[([^\]]*)\]", RegexOptions.Multiline)]
    private static partial Regex LoadList();
}
