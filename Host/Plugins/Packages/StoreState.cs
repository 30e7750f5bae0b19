using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Host.Plugins.Packages;

/// <summary>One package of the store.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Hash">Its content's hash.</param>
internal sealed record StoredVersion(string Version, string Hash)
{
    public override string ToString() => $"{Version} ({Hash[..12]})";
}

/// <summary>A package that is not tried again by itself.</summary>
/// <param name="Package">The package.</param>
/// <param name="Reason">What it did.</param>
internal sealed record QuarantinedVersion(StoredVersion Package, string Reason);

// The generated reader sets what the file leaves out to null: lists take that as empty.
/// <summary>What the store remembers of one plugin. A host that was killed at any moment starts on <see cref="Active"/>.</summary>
internal sealed record PluginRecord
{
    /// <summary>The package that is loaded, the last that is known to be good; null: the one of <c>plugins.folder</c>.</summary>
    public StoredVersion? Active { get; init; }

    /// <summary>What was loaded before and can be gone back to, oldest first; null stands for the one of <c>plugins.folder</c>.</summary>
    public IReadOnlyList<StoredVersion?> Previous { get; init => field = value ?? []; } = [];

    /// <summary>The package that is being activated; it becomes <see cref="Active"/> once it has proved itself, and is forgotten when the host dies before.</summary>
    public StoredVersion? Pending { get; init; }

    /// <summary>How far <see cref="Pending"/> has come; null where nothing is pending.</summary>
    public GenerationState? PendingState { get; init; }

    /// <summary>Packages that failed.</summary>
    public IReadOnlyList<QuarantinedVersion> Quarantined { get; init => field = value ?? []; } = [];

    /// <summary>Another package is being tried.</summary>
    public PluginRecord Try(StoredVersion? version, GenerationState state = GenerationState.Staged) => this with { Pending = version, PendingState = version is null ? null : state };

    /// <summary>A package has proved itself, or is trusted to: it is active, and what was active can be gone back to. Null stands for the one of <c>plugins.folder</c>.</summary>
    public PluginRecord Activate(StoredVersion? version) => version == Active ? this with { Pending = null, PendingState = null } : this with
    {
        Active = version,
        Previous = [.. Previous.Where(p => p != version && p != Active).TakeLast(MaxPrevious - 1), Active],
        Pending = null,
        PendingState = null,
        Quarantined = [.. Quarantined.Where(q => q.Package != version)],
    };

    /// <summary>What was active before is active again.</summary>
    /// <exception cref="InvalidOperationException">There is nothing before.</exception>
    public PluginRecord RollBack() => this with { Active = Previous[^1], Previous = [.. Previous.SkipLast(1)], Pending = null, PendingState = null };

    /// <summary>An edited configuration has put a package in use that the journal does not name: until it has proved itself, a host starts on the good one. Null stands for the one of <c>plugins.folder</c>.</summary>
    public PluginRecord Watch(StoredVersion? good, StoredVersion version) => this with { Active = good, Pending = version, PendingState = GenerationState.Active };

    /// <summary>That is over: what was active for the configuration is so again.</summary>
    public PluginRecord Settle(StoredVersion? wanted) => this with { Active = wanted, Pending = null, PendingState = null };

    /// <summary>The package that the configuration took has given way to the good one, which stays active; the one of <c>plugins.folder</c> can be gone back to.</summary>
    public PluginRecord GiveWay(StoredVersion? wanted, StoredVersion version, string? reason)
    {
        PluginRecord record = reason is null ? Try(null) : Quarantine(version, reason);
        return wanted is null && Active is not null ? record with { Previous = [.. record.Previous.Where(p => p is not null && p != Active).TakeLast(MaxPrevious - 1), null] } : record;
    }

    /// <summary>A package has failed and is not tried again by itself.</summary>
    public PluginRecord Quarantine(StoredVersion version, string reason) => this with
    {
        Pending = Pending == version ? null : Pending,
        PendingState = Pending == version ? null : PendingState,
        Previous = [.. Previous.Where(p => p != version)],
        Quarantined = [.. Quarantined.Where(q => q.Package != version).TakeLast(MaxPrevious - 1), new(version, reason)],
    };

    private const int MaxPrevious = 16;
}

/// <summary>The store's journal, <c>state.json</c>.</summary>
internal sealed record StoreState
{
    /// <summary>The file's own version: 1.</summary>
    [JsonRequired] public int Schema { get; init; } = 1;

    /// <summary>By plugin id.</summary>
    public IReadOnlyDictionary<string, PluginRecord> Plugins { get; init => field = value ?? new Dictionary<string, PluginRecord>(); } = new Dictionary<string, PluginRecord>();

    /// <summary>What is remembered of a plugin.</summary>
    public PluginRecord Of(string id) => Plugins.TryGetValue(id, out PluginRecord? record) ? record : new PluginRecord();

    /// <summary>The state with another record for a plugin.</summary>
    public StoreState With(string id, PluginRecord record) =>
        this with { Plugins = new SortedDictionary<string, PluginRecord>(Plugins.ToDictionary(), StringComparer.Ordinal) { [id] = record } };
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    WriteIndented = true,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    MaxDepth = 8)]
[JsonSerializable(typeof(StoreState))]
internal sealed partial class StoreStateJson : JsonSerializerContext;
