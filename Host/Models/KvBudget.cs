using System.Text.RegularExpressions;
using Tessera.Host.Compute;
using Tessera.Host.Configuration;

namespace Tessera.Host.Models;

/// <summary>Decides how much memory the KV caches get.</summary>
public static partial class KvBudget
{
    /// <summary>The part of the memory that is free beside the weights which <c>auto</c> means; the rest is for scratch, tokenizers and the system's file cache.</summary>
    private const double AutoPart = 0.5;

    /// <summary>The least that <c>auto</c> and a percentage give: enough for a small model on a full machine.</summary>
    private const long Least = 64L << 20;

    /// <summary>The budget of a configuration, on this machine, now.</summary>
    public static SharedBudget Create(HostConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new(Bytes(configuration.Kv.Memory, FreeMemory.Bytes(), configuration.Models.List.Sum(m => FileBytes(m.Path) + (m.Draft is null ? 0 : FileBytes(m.Draft)))));
    }

    internal static long Bytes(MemorySize memory, long free, long weights) =>
        memory.Bytes ?? Math.Max(Least, memory.Resolve(Math.Max(0, free - weights), AutoPart));

    /// <summary>A file with the others of its set, or a folder's files.</summary>
    internal static long FileBytes(string path)
    {
        IEnumerable<FileInfo> files = File.Exists(path) ? Shards(new FileInfo(path)) : Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles() : [];
        return files.Sum(f => f.Exists ? f.Length : 0);
    }

    /// <summary>The files that are there of a set whose names end in <c>-00001-of-00003</c> and an extension; of any other name, the file itself.</summary>
    private static IEnumerable<FileInfo> Shards(FileInfo file)
    {
        Match name = ShardName().Match(file.Name);
        return name.Success
            ? file.Directory!.EnumerateFiles().Where(f => ShardName().Match(f.Name) is { Success: true } other && Set(other) == Set(name))
            : [file];

        static (string, string, string) Set(Match name) => (name.Groups["set"].Value, name.Groups["count"].Value, name.Groups["ending"].Value);
    }

    [GeneratedRegex(@"\A(?<set>.*)-[0-9]{5}-of-(?<count>[0-9]{5})(?<ending>\.[^.]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShardName();
}
