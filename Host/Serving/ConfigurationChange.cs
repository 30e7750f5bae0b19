using Tessera.Host.Configuration;
using Tessera.Host.Plugins;

namespace Tessera.Host.Serving;

/// <summary>What differs between the configuration that is in force and another one.</summary>
internal sealed class ConfigurationChange
{
    /// <summary>Compares.</summary>
    /// <param name="now">What is in force.</param>
    /// <param name="next">What the file says.</param>
    public ConfigurationChange(HostConfiguration now, HostConfiguration next)
    {
        List<string> restart = [];
        void Fixed(string key, bool same)
        {
            if (!same)
                restart.Add(key);
        }
        Fixed("server.urls", now.Server.Urls.SequenceEqual(next.Server.Urls));
        Fixed("admin.urls", now.Admin.Urls.SequenceEqual(next.Admin.Urls));
        Fixed("admin.token", now.Admin.Token is null ? next.Admin.Token is null : now.Admin.Token.IsSame(next.Admin.Token));
        Fixed("engine.threads", now.Engine.Threads == next.Engine.Threads);
        Fixed("engine.affinity", (now.Engine.Affinity ?? []).SequenceEqual(next.Engine.Affinity ?? []));
        Fixed("kv.memory", now.Kv.Memory.Equals(next.Kv.Memory));
        Fixed("plugins.folder", now.Plugins.Folders.SequenceEqual(next.Plugins.Folders));
        Fixed("plugins.store", now.Plugins.Store == next.Plugins.Store);
        NeedRestart = restart;
        Next = next with
        {
            Server = next.Server with { Urls = now.Server.Urls },
            Admin = now.Admin,
            Engine = next.Engine with { Threads = now.Engine.Threads, Affinity = now.Engine.Affinity },
            Kv = next.Kv with { Memory = now.Kv.Memory },
            Plugins = next.Plugins with { Folders = now.Plugins.Folders, Store = now.Plugins.Store },
        };
        IsForAllModels = now.Engine != Next.Engine || now.Kv != Next.Kv || now.Files != Next.Files || now.Server.MaxQueue != Next.Server.MaxQueue || now.Server.SlowReaderTimeout != Next.Server.SlowReaderTimeout || now.Api != Next.Api;
        KeepsFiles = now.Files == Next.Files;
    }

    /// <summary>The keys that changed and wait for the next start.</summary>
    public IReadOnlyList<string> NeedRestart { get; }

    /// <summary>What can be put in force now: the other configuration, with those keys as they are.</summary>
    public HostConfiguration Next { get; }

    /// <summary>Whether every model needs another composition.</summary>
    public bool IsForAllModels { get; }

    /// <summary>Whether files that are open can stay so.</summary>
    public bool KeepsFiles { get; }

    /// <summary>Whether two entries of a model say the same.</summary>
    public static bool IsSame(ModelConfiguration one, ModelConfiguration other) =>
        one.Kernels.SequenceEqual(other.Kernels) && one == other with { Kernels = one.Kernels };

    /// <summary>Whether two sets of a plugin's options say the same.</summary>
    internal static bool IsSame(BoundOptions one, BoundOptions other) =>
        one.Values.Count == other.Values.Count && one.Values.All(o => other.Values.TryGetValue(o.Key, out string? value) && value == o.Value);
}
