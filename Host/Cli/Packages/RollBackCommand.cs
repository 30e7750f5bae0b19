using System.CommandLine;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins rollback</c>: the version before.</summary>
internal static class RollBackCommand
{
    public static Command Create()
    {
        Argument<string> id = new("ID") { Description = "The plugin." };
        Option<string?> config = CommandParts.Config();
        Command command = new("rollback", "Goes back to the version of a plugin that was active before.") { id, config };
        command.Do((result, _) => Task.FromResult(Run(result.GetRequiredValue(id), result.GetValue(config))));
        return command;
    }

    private static int Run(string id, string? config)
    {
        PluginStore store = PluginsCommand.Open(config).Locator.Store;
        PluginRecord record = store.Update(id, r => r.Previous.Count > 0
            ? r.RollBack()
            : throw new PluginException($"plugin '{id}': nothing was active before {r.Active?.ToString() ?? "the package of plugins.folder"}"));
        Console.WriteLine($"{id}: {record.Active?.ToString() ?? "the package of plugins.folder"} is active again: hosts load it when they start");
        return Terminal.Done;
    }
}
