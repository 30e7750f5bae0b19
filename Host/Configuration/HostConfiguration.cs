namespace Tessera.Host.Configuration;

/// <summary>Everything that <c>host.yaml</c> says, checked, defaults filled in, paths absolute.</summary>
public sealed record HostConfiguration
{
    /// <summary>The file that was read.</summary>
    public required string File { get; init; }

    /// <summary>Where the public API listens and how many requests wait.</summary>
    public required ServerConfiguration Server { get; init; }

    /// <summary>Which plugins are loaded.</summary>
    public required PluginsConfiguration Plugins { get; init; }

    /// <summary>Which models are served.</summary>
    public required ModelsConfiguration Models { get; init; }

    /// <summary>How steps are made up.</summary>
    public required EngineConfiguration Engine { get; init; }

    /// <summary>The KV cache.</summary>
    public required KvConfiguration Kv { get; init; }

    /// <summary>How model files are opened.</summary>
    public required FilesConfiguration Files { get; init; }

    /// <summary>Habits of the API.</summary>
    public required ApiConfiguration Api { get; init; }

    /// <summary>Where the administration API listens.</summary>
    public required AdminConfiguration Admin { get; init; }

    /// <summary>The configuration with a model as the default one: a configured name, else a path that becomes a further model.</summary>
    /// <param name="nameOrPath">A name of the list, or the path of a model file or folder.</param>
    /// <param name="workingFolder">What a relative path is relative to.</param>
    /// <exception cref="ConfigurationException">It is neither.</exception>
    public HostConfiguration WithModel(string nameOrPath, string workingFolder) =>
        this with { Models = Models.With(nameOrPath, workingFolder) };
}

/// <summary>Section <c>server</c>.</summary>
public sealed record ServerConfiguration
{
    /// <summary>Addresses to listen on.</summary>
    public required IReadOnlyList<string> Urls { get; init; }

    /// <summary>The most requests that wait; more are refused.</summary>
    public required int MaxQueue { get; init; }

    /// <summary>A client that takes nothing of its answer for so long is disconnected.</summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>Section <c>plugins</c>.</summary>
public sealed record PluginsConfiguration
{
    /// <summary>Where packages are looked for, in order: beside the configuration file, then beside the executable.</summary>
    public required IReadOnlyList<string> Folders { get; init; }

    /// <summary>Ids to load, in order.</summary>
    public required IReadOnlyList<string> Load { get; init; }

    /// <summary>Where installed packages are kept.</summary>
    public required string Store { get; init; }

    /// <summary>Whether packages are loaded that neither the build recorded nor a trusted publisher signed.</summary>
    public required bool AllowUnsigned { get; init; }

    /// <summary>Whose signatures count: ECDSA public keys (SubjectPublicKeyInfo) by name.</summary>
    public IReadOnlyDictionary<string, byte[]> Publishers { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Hashes of packages that need no signature, in lower-case hexadecimal.</summary>
    public IReadOnlySet<string> Trusted { get; init; } = new HashSet<string>();

    /// <summary>Hashes of packages that are never loaded, in lower-case hexadecimal.</summary>
    public IReadOnlySet<string> Revoked { get; init; } = new HashSet<string>();

    /// <summary>How versions take turns.</summary>
    public LifeCycleConfiguration LifeCycle { get; init; } = new();

    /// <summary>What the file and the environment set for each id, not yet checked against the plugin's manifest.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<PluginOption>> Options { get; init; }
}

/// <summary>The keys of section <c>plugins</c> that say how versions take turns.</summary>
public sealed record LifeCycleConfiguration
{
    /// <summary>How long running requests may finish on a composition that was replaced, before they go on with the new one; a plugin's manifest may say less.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long a version must do well before it is the last-known-good one; zero: it is at once.</summary>
    public TimeSpan Probation { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a call of a plugin may take before it counts as stuck.</summary>
    public TimeSpan Stuck { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>By how much steps may become slower in the probation: a factor; 0: it does not matter.</summary>
    public double MaxSlowdown { get; init; } = 3;

    /// <summary>The part of its predecessor's speed that a backend must reach before it is put in use; 0: it does not matter.</summary>
    public double SpeedFloor { get; init; } = 0.7;
}

/// <summary>One option of a plugin.</summary>
/// <param name="Name">The option's name; from the environment: in upper case, other signs as underscores.</param>
/// <param name="FromEnvironment">Whether a variable set it; it then wins over the file.</param>
/// <param name="Value">The value and where it stands.</param>
public sealed record PluginOption(string Name, bool FromEnvironment, ConfigurationValue Value);

/// <summary>Section <c>engine</c>.</summary>
public sealed record EngineConfiguration
{
    /// <summary>Whether a row's result is bitwise the same whatever else its batch holds.</summary>
    public required bool BatchInvariant { get; init; }

    /// <summary>A step's time while another sequence decodes, in milliseconds.</summary>
    public required int StepMs { get; init; }

    /// <summary>Whether drafts are cut to what is worth the time; false: all that a decoding strategy proposes is verified.</summary>
    public bool TuneDrafts { get; init; } = true;

    /// <summary>The most rows in a step.</summary>
    public required int MaxBatchTokens { get; init; }

    /// <summary>The most sequences at once.</summary>
    public required int MaxSequences { get; init; }

    /// <summary>Lanes of the work team; null: as many as <see cref="Affinity"/> names, else as the process has physical cores.</summary>
    public required int? Threads { get; init; }

    /// <summary>The processor of each lane; null: where the system puts them.</summary>
    public IReadOnlyList<int>? Affinity { get; init; }
}

/// <summary>Section <c>kv</c>.</summary>
public sealed record KvConfiguration
{
    /// <summary>The budget of all KV caches together.</summary>
    public required MemorySize Memory { get; init; }

    /// <summary>The element type.</summary>
    public required KvType Type { get; init; }

    /// <summary>Tokens in a block.</summary>
    public required int BlockTokens { get; init; }
}

/// <summary>Section <c>files</c>.</summary>
public sealed record FilesConfiguration
{
    /// <summary>Whether model files are mapped; else they are read into memory.</summary>
    public required bool Mmap { get; init; }
}

/// <summary>Section <c>api</c>.</summary>
public sealed record ApiConfiguration
{
    /// <summary>Whether message texts are tokenized without special tokens.</summary>
    public required bool EscapeSpecialTokens { get; init; }
}

/// <summary>Section <c>admin</c>.</summary>
public sealed record AdminConfiguration
{
    /// <summary>Addresses to listen on.</summary>
    public required IReadOnlyList<string> Urls { get; init; }

    /// <summary>The token that lets a caller in from elsewhere than this machine; null: nobody.</summary>
    public required Secret? Token { get; init; }
}
