using System.Text.Json;

namespace Tessera.Host.Plugins.Packages;

/// <summary>A package of the store.</summary>
/// <param name="Id">The plugin.</param>
/// <param name="Version">Version and hash.</param>
/// <param name="Package">Its folder.</param>
internal sealed record StoredPackage(string Id, StoredVersion Version, PluginPackage Package)
{
    public override string ToString() => $"{Id} {Version}";
}

/// <summary>
/// The immutable store of installed packages: <c>&lt;id&gt;/&lt;version&gt;/&lt;hash&gt;/</c>. A package is staged, written through to the disk and renamed, so that it is there whole or not at all; nothing in it is ever changed.
/// Which one of a plugin is active stands in <c>state.json</c>, replaced as a whole.
/// </summary>
internal sealed class PluginStore(string folder)
{
    private const string StateName = "state.json";
    private const string StagingName = ".staging";
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10), StagingAge = TimeSpan.FromHours(1);

    /// <summary>The store's folder.</summary>
    public string Folder => folder;

    /// <summary>Takes a package in.</summary>
    /// <param name="path">A package's folder or a <c>.tpk</c> file.</param>
    /// <param name="verify">Refuses a package; sees the staged copy, which nobody edits.</param>
    /// <exception cref="PluginException">It is refused, or cannot be read or written.</exception>
    public StoredPackage Install(string path, Func<PluginPackage, PackageContent, PluginManifest> verify)
    {
        string stage = Path.Combine(folder, StagingName, Guid.NewGuid().ToString("N"));
        try
        {
            Directory.CreateDirectory(stage);
            if (Directory.Exists(path))
                PackageFiles.Copy(path, stage);
            else
                PackageArchive.Extract(path, stage);
            string id = new PluginPackage(Path.GetFileName(path), stage).ReadManifest().Id;
            if (!PluginManifest.IsId(id))
                throw new PluginException($"{path}: id: expected lower-case words with dots or hyphens between them, found '{id}'");
            PluginPackage staged = new(id, stage);
            PackageContent content = PackageContent.Read(staged);
            StoredVersion version = new(verify(staged, content).Version, content.Hash);
            StoredPackage stored = At(id, version);
            if (!Directory.Exists(stored.Package.Folder))
            {
                PackageFiles.Flush(stage);
                Directory.CreateDirectory(Path.GetDirectoryName(stored.Package.Folder)!);
                Directory.Move(stage, stored.Package.Folder);
                FolderEntries.TryFlush(Path.GetDirectoryName(stored.Package.Folder)!);
            }
            return stored;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"{path}: cannot be installed in the store {folder} (plugins.store): {e.Message}");
        }
        finally
        {
            PackageFiles.Delete(stage);
        }
    }

    /// <summary>Deletes what installations that were broken off have left: old enough that no process is still at it.</summary>
    public void Tidy()
    {
        string staging = Path.Combine(folder, StagingName);
        if (!Directory.Exists(staging))
            return;
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        foreach (DirectoryInfo stage in new DirectoryInfo(staging).EnumerateDirectories().Where(d => now - d.LastWriteTimeUtc > StagingAge))
            try
            {
                PackageFiles.Delete(stage.FullName);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody looks into it; the next start tries again.
            }
    }

    /// <summary>The packages, by id, version and hash.</summary>
    public IReadOnlyList<StoredPackage> List(string? id = null) =>
        [.. from plugin in Folders(folder)
            where PluginManifest.IsId(plugin) && (id is null || plugin == id)
            from version in Folders(Path.Combine(folder, plugin))
            from hash in Folders(Path.Combine(folder, plugin, version))
            select At(plugin, new StoredVersion(version, hash))];

    /// <summary>Finds what <c>id</c>, <c>id@version</c> or <c>id@version@hash</c> names; a hash may be cut short.</summary>
    /// <exception cref="PluginException">Nothing, or several; the text lists what there is.</exception>
    public StoredPackage Find(string reference)
    {
        string[] parts = reference.Split('@');
        IReadOnlyList<StoredPackage> all = List(parts[0]);
        StoredPackage[] found = [.. all.Where(p => (parts.Length < 2 || p.Version.Version == parts[1]) && (parts.Length < 3 || p.Version.Hash.StartsWith(parts[2], StringComparison.OrdinalIgnoreCase)))];
        if (found.Length == 1)
            return found[0];
        string there = all.Count == 0 ? "the store has no version of it" : $"the store has {string.Join(", ", all.Select(p => $"{p.Id}@{p.Version.Version}@{p.Version.Hash[..12]}"))}";
        throw new PluginException($"'{reference}' names {(found.Length == 0 ? "no package" : "several packages")}; {there}");
    }

    /// <summary>The place of a package, whether it is there or not.</summary>
    public StoredPackage At(string id, StoredVersion version) => new(id, version, new PluginPackage(id, Path.Combine(folder, id, version.Version, version.Hash)));

    /// <summary>Deletes a package.</summary>
    /// <exception cref="PluginException">It is active, or the way back from what is.</exception>
    public void Remove(StoredPackage package)
    {
        Update(package.Id, record =>
        {
            if (record.Active == package.Version || record.Pending == package.Version)
                throw new PluginException($"{package} is active; activate another version first");
            return record with { Previous = [.. record.Previous.Where(p => p != package.Version)], Quarantined = [.. record.Quarantined.Where(q => q.Package != package.Version)] };
        });
        // Renamed first: what is half deleted is no package any more.
        string grave = Path.Combine(folder, StagingName, Guid.NewGuid().ToString("N"));
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(grave)!);
            Directory.Move(package.Package.Folder, grave);
            PackageFiles.Delete(grave);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"{package}: cannot be deleted: {e.Message}");
        }
    }

    /// <summary>The journal.</summary>
    /// <exception cref="PluginException">It cannot be read.</exception>
    public StoreState Read()
    {
        string path = Path.Combine(folder, StateName);
        try
        {
            if (!File.Exists(path))
                return new StoreState();
            StoreState state = JsonSerializer.Deserialize(File.ReadAllBytes(path), StoreStateJson.Default.StoreState) ?? throw new JsonException("expected an object, found null");
            return state.Schema == 1 ? state : throw new JsonException($"schema: expected 1, found {state.Schema}");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"{path}: {e.Message}; without this file every plugin is taken from plugins.folder");
        }
    }

    /// <summary>Changes what is remembered of a plugin; the new journal is on the disk when this returns.</summary>
    /// <exception cref="PluginException">It cannot be read or written, and is as it was.</exception>
    public PluginRecord Update(string id, Func<PluginRecord, PluginRecord> change)
    {
        string path = Path.Combine(folder, StateName);
        try
        {
            Directory.CreateDirectory(folder);
            using FileStream turn = Lock();
            StoreState state = Read();
            PluginRecord record = change(state.Of(id));
            PackageFiles.Replace(path, JsonSerializer.SerializeToUtf8Bytes(state.With(id, record), StoreStateJson.Default.StoreState));
            return record;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"{path}: cannot be written: {e.Message}");
        }
    }

    /// <summary>One process at a time changes the journal.</summary>
    private FileStream Lock()
    {
        string path = Path.Combine(folder, ".lock");
        using ManualResetEventSlim never = new();
        for (long start = Environment.TickCount64; ;)
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e)
            {
                if (Environment.TickCount64 - start > LockPatience.TotalMilliseconds)
                    throw new PluginException($"{path}: another process holds the store: {e.Message}");
                never.Wait(20);
            }
    }

    private static IEnumerable<string> Folders(string path) =>
        Directory.Exists(path) ? Directory.EnumerateDirectories(path).Select(p => Path.GetFileName(p)!).Where(n => n[0] != '.').Order(StringComparer.Ordinal) : [];
}
