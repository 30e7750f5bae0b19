using System.CommandLine;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins list</c>: what is there and what is loaded.</summary>
internal static class ListPluginsCommand
{
    public static Command Create()
    {
        Option<string?> config = CommandParts.Config();
        Command command = new("list", "Lists the plugins of plugins.folder and of the store; * marks those that hosts load.") { config };
        command.Do((result, _) => Task.FromResult(Run(result.GetValue(config))));
        return command;
    }

    private static int Run(string? config)
    {
        (PluginsConfiguration plugins, PluginLocator locator) = PluginsCommand.Open(config);
        StoreState state = locator.Store.Read();
        IReadOnlyList<string> loaded = locator.Ids();
        PluginPackage[] bundled = [.. plugins.Folders.SelectMany(PluginPackage.All).DistinctBy(p => p.Id)];
        foreach (string id in loaded.Concat(bundled.Select(p => p.Id)).Concat(locator.Store.List().Select(p => p.Id)).Distinct(StringComparer.Ordinal))
        {
            PluginRecord record = state.Of(id);
            if (Array.Find(bundled, p => p.Id == id) is { } package)
                Line(loaded.Contains(id) && record.Active is null, id, package.TryReadManifest()?.Version ?? "?", "", package.Folder);
            foreach (StoredPackage stored in locator.Store.List(id))
            {
                string? reason = record.Quarantined.FirstOrDefault(q => q.Package == stored.Version)?.Reason;
                Line(record.Active == stored.Version, id, stored.Version.Version, stored.Version.Hash[..12], reason is null ? "store" : $"quarantined: {reason}");
            }
        }
        return Terminal.Done;
    }

    private static void Line(bool isLoaded, string id, string version, string hash, string where) =>
        Console.WriteLine($"{(isLoaded ? "*" : " ")} {id,-24} {version,-16} {hash,-12}  {where}");
}
