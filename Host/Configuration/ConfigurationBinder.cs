using System.Globalization;

namespace Tessera.Host.Configuration;

/// <summary>Turns the file's nodes into the configuration: the schema of <c>host.yaml</c>, its ranges and its defaults.</summary>
internal sealed class ConfigurationBinder(ConfigurationLoader loader, ConfigurationScope scope, string file)
{
    private readonly string _folder = Path.GetDirectoryName(file)!;

    public HostConfiguration Bind(MappingNode root)
    {
        ConfigurationSection top = new(scope, root, "", "", ConfigurationPlace.Whole(scope.File));
        PluginsConfiguration plugins = new PluginsBinder(scope).Bind(top.Section("plugins"), Places);
        HostConfiguration configuration = new()
        {
            File = file,
            Server = Server(top.Section("server")),
            Plugins = plugins,
            Models = new ModelsBinder(scope, plugins.Load, Resolve, loader.RequireModelFiles).Bind(top.Section("models")),
            Engine = Engine(top.Section("engine")),
            Kv = Kv(top.Section("kv")),
            Files = Files(top.Section("files")),
            Api = Api(top.Section("api")),
            Admin = Admin(top.Section("admin")),
        };
        top.Finish();
        foreach ((string path, string variable) in scope.Environment.Unused())
            scope.Errors.Add(ConfigurationPlace.Whole(variable), "", $"no such key{Suggestion.For(path, scope.KnownVariables)}");
        return configuration;
    }

    /// <summary>A path relative to the file's folder, else to the executable's.</summary>
    private string Resolve(string path)
    {
        string[] places = [.. Places(path)];
        return places.FirstOrDefault(p => File.Exists(p) || Directory.Exists(p)) ?? places[0];
    }

    private IReadOnlyList<string> Places(string path)
    {
        string first = Path.GetFullPath(path, _folder);
        string second = Path.GetFullPath(path, loader.ExecutableFolder);
        return first == second ? [first] : [first, second];
    }

    private static ServerConfiguration Server(ConfigurationSection section)
    {
        ServerConfiguration server = new()
        {
            Urls = Urls(section, "http://127.0.0.1:11434"),
            MaxQueue = section.Integer("maxQueue", 512, 1, 1_000_000),
            SlowReaderTimeout = TimeSpan.FromSeconds(section.Integer("slowReaderSeconds", 60, 1, 3_600)),
        };
        section.Finish();
        return server;
    }

    private static EngineConfiguration Engine(ConfigurationSection section)
    {
        EngineConfiguration engine = new()
        {
            BatchInvariant = section.Boolean("batchInvariant", true),
            StepMs = section.Integer("stepMs", 100, 1, 60_000),
            TuneDrafts = section.Boolean("tuneDrafts", true),
            MaxBatchTokens = section.Integer("maxBatchTokens", 512, 1, 65_536),
            MaxSequences = section.Integer("maxSequences", 64, 1, 4_096),
            Threads = section.Value("threads") is { Text: not "auto" } ? section.Integer("threads", 1, 1, 1_024) : null,
            Affinity = Affinity(section),
        };
        if (engine.Affinity is { } affinity && affinity.Count < engine.Threads)
            section.Error("affinity", $"{affinity.Count} processors for {engine.Threads} threads; name one for each");
        if (engine.MaxSequences > engine.MaxBatchTokens)
            section.Error("maxSequences", $"{engine.MaxSequences} is more than maxBatchTokens ({engine.MaxBatchTokens}); every sequence needs a row");
        section.Finish();
        return engine;
    }

    private static List<int>? Affinity(ConfigurationSection section)
    {
        if (section.List("affinity") is not { Count: > 0 } list)
            return null;
        List<int> processors = [];
        foreach (ConfigurationValue value in list)
            if (!int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int processor) || processor >= 1 << 14)
                section.Wrong(value, "expected the number of a processor, from 0");
            else if (processors.Contains(processor))
                section.Wrong(value, "expected each processor once");
            else
                processors.Add(processor);
        return processors;
    }

    private static KvConfiguration Kv(ConfigurationSection section)
    {
        MemorySize memory = MemorySize.Auto;
        if (section.Value("memory") is { } value && !MemorySize.TryParse(value.Text, out memory))
            section.Wrong(value, "expected auto, a size such as 2GiB or a part of the free memory such as 50%");
        KvConfiguration kv = new()
        {
            Memory = memory,
            Type = section.Choice("type", KvType.F16, ("f16", KvType.F16), ("bf16", KvType.BF16), ("q8_0", KvType.Q8), ("f32", KvType.F32)),
            BlockTokens = section.Integer("blockTokens", 16, 1, 256),
        };
        if (!int.IsPow2(kv.BlockTokens))
            section.Error("blockTokens", $"expected a power of two, found {kv.BlockTokens}");
        section.Finish();
        return kv;
    }

    private static FilesConfiguration Files(ConfigurationSection section)
    {
        FilesConfiguration files = new() { Mmap = section.Boolean("mmap", true) };
        section.Finish();
        return files;
    }

    private static ApiConfiguration Api(ConfigurationSection section)
    {
        ApiConfiguration api = new() { EscapeSpecialTokens = section.Boolean("escapeSpecialTokens", false) };
        section.Finish();
        return api;
    }

    private static AdminConfiguration Admin(ConfigurationSection section)
    {
        ConfigurationValue? token = section.Value("token", secret: true);
        AdminConfiguration admin = new()
        {
            Urls = Urls(section, "http://127.0.0.1:11435"),
            Token = token is { Text.Length: > 0 } ? new Secret(token.Text) : null,
        };
        section.Finish();
        return admin;
    }

    private static IReadOnlyList<string> Urls(ConfigurationSection section, string fallback)
    {
        IReadOnlyList<ConfigurationValue>? urls = section.List("urls");
        foreach (ConfigurationValue url in urls ?? [])
        {
            // The web server's own wildcards for "every address" are no host names.
            string text = url.Text.Replace("//*", "//any", StringComparison.Ordinal).Replace("//+", "//any", StringComparison.Ordinal);
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
                section.Wrong(url, "expected an address such as http://127.0.0.1:11434");
        }
        return urls is null ? [fallback] : [.. urls.Select(u => u.Text)];
    }
}
