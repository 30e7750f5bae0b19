using Tessera.Host.Compute;
using Tessera.Host.Configuration;

namespace Tessera.Host.Models;

/// <summary>Decides how much memory the KV caches get.</summary>
public static class KvBudget
{
    /// <summary>The part of the memory that is free beside the weights which <c>auto</c> means; the rest is for scratch, tokenizers and the system's file cache.</summary>
    private const double AutoPart = 0.5;

    /// <summary>The least that <c>auto</c> and a percentage give: enough for a small model on a full machine.</summary>
    private const long Least = 64L << 20;

    /// <summary>The budget of a configuration, on this machine, now.</summary>
    public static SharedBudget Create(HostConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return new(Bytes(configuration.Kv.Memory, FreeMemory.Bytes(), configuration.Models.List.Sum(m => FileBytes(m.Path))));
    }

    internal static long Bytes(MemorySize memory, long free, long weights) =>
        memory.Bytes ?? Math.Max(Least, memory.Resolve(Math.Max(0, free - weights), AutoPart));

    private static long FileBytes(string path)
    {
        if (File.Exists(path))
            return new FileInfo(path).Length;
        return Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles().Sum(f => f.Exists ? f.Length : 0) : 0;
    }
}
