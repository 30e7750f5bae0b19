using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Configuration;

/// <summary>Reads section <c>plugins</c>. Options are collected here and checked once the manifests are known.</summary>
internal sealed class PluginsBinder(ConfigurationScope scope)
{
    private const string OptionsVariable = "PLUGINS__OPTIONS";

    public PluginsConfiguration Bind(ConfigurationSection section, Func<string, IReadOnlyList<string>> places)
    {
        IReadOnlyList<string> load = Load(section);
        PluginsConfiguration plugins = new()
        {
            Folders = places(section.Text("folder") ?? "plugins"),
            Load = load,
            Store = places(section.Text("store") ?? "store")[0],
            AllowUnsigned = section.Boolean("allowUnsigned", false),
            Publishers = Publishers(section.Section("publishers")),
            Trusted = Hashes(section, "trusted"),
            Revoked = Hashes(section, "revoked"),
            LifeCycle = LifeCycle(section),
            Options = Options(section.Section("options"), load),
        };
        section.Finish();
        return plugins;
    }

    private static LifeCycleConfiguration LifeCycle(ConfigurationSection section)
    {
        LifeCycleConfiguration defaults = new();
        return new()
        {
            Drain = Seconds("drainSeconds", defaults.Drain, 0),
            Probation = Seconds("probationSeconds", defaults.Probation, 0),
            Stuck = Seconds("stuckSeconds", defaults.Stuck, 1),
            MaxSlowdown = section.Number("maxSlowdown", 0, 1_000) ?? defaults.MaxSlowdown,
            SpeedFloor = section.Number("speedFloor", 0, 1) ?? defaults.SpeedFloor,
        };

        TimeSpan Seconds(string key, TimeSpan fallback, int least) => TimeSpan.FromSeconds(section.Integer(key, (int)fallback.TotalSeconds, least, 86_400));
    }

    private List<string> Load(ConfigurationSection section)
    {
        List<string> ids = [];
        foreach (ConfigurationValue id in section.List("load") ?? [])
            if (ids.Contains(id.Text))
                scope.Errors.Add(id.At, id.Key, $"'{id.Shown}' stands here twice");
            else if (!Plugins.PluginManifest.IsId(id.Text))
                section.Wrong(id, "expected a plugin's id: lower-case words with dots between them");
            else
                ids.Add(id.Text);
        return ids;
    }

    private Dictionary<string, byte[]> Publishers(ConfigurationSection section)
    {
        Dictionary<string, byte[]> publishers = new(StringComparer.Ordinal);
        foreach (MappingEntry entry in section.Entries)
        {
            if (scope.Scalar(entry.Value, section.FullKey(entry.Key), secret: false) is not { } value)
                continue;
            byte[] key = new byte[value.Text.Length];
            if (Convert.TryFromBase64String(value.Text, key, out int length) && PackageSignature.IsPublicKey(key.AsSpan(0, length)))
                publishers[entry.Key] = key[..length];
            else
                section.Wrong(value, "expected an ECDSA public key in base64, as `tessera plugins key` prints it");
        }
        return publishers;
    }

    private static HashSet<string> Hashes(ConfigurationSection section, string key)
    {
        HashSet<string> hashes = new(StringComparer.Ordinal);
        foreach (ConfigurationValue hash in section.List(key) ?? [])
            if (hash.Text.Length == 64 && hash.Text.All(char.IsAsciiHexDigit))
                hashes.Add(hash.Text.ToLowerInvariant());
            else
                section.Wrong(hash, "expected a package's SHA-256 in hexadecimal, as `tessera plugins verify` prints it");
        return hashes;
    }

    private Dictionary<string, IReadOnlyList<PluginOption>> Options(ConfigurationSection section, IReadOnlyList<string> load)
    {
        Dictionary<string, IReadOnlyList<PluginOption>> options = [];
        foreach (string id in load)
        {
            List<PluginOption> own = [];
            ConfigurationSection plugin = section.Section(id);
            foreach (MappingEntry entry in plugin.Entries)
                if (scope.Scalar(entry.Value, $"{id}.{entry.Key}", secret: false) is { } value)
                    own.Add(new(entry.Key, FromEnvironment: false, value));
            foreach ((string rest, string variable, string value) in scope.Environment.TakeBelow($"{OptionsVariable}__{EnvironmentValues.Segment(id)}"))
                own.Add(new(rest, FromEnvironment: true, new($"{id}.{rest}", ConfigurationPlace.Whole(variable), value, value, IsText: false)));
            options[id] = own;
        }
        foreach (MappingEntry entry in section.Entries)
            if (!load.Contains(entry.Key))
                scope.Errors.Add(scope.At(entry.Line), entry.Key, $"not in plugins.load{Suggestion.For(entry.Key, load)}");
        return options;
    }
}
