using System.CommandLine;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins activate</c>: another version of a plugin, from the next start on.</summary>
internal static class ActivateCommand
{
    public static Command Create()
    {
        Argument<string> reference = new("PACKAGE") { Description = PluginsCommand.ReferenceHelp };
        Option<string?> config = CommandParts.Config();
        Command command = new("activate", "Loads an installed package once, and has hosts start with it from then on.") { reference, config };
        command.Do((result, _) =>
        {
            string? file = result.GetValue(config);
            Activate(file, PluginsCommand.Open(file).Locator.Store.Find(result.GetRequiredValue(reference)));
            return Task.FromResult(Terminal.Done);
        });
        return command;
    }

    /// <summary>Tries a package beside the other plugins of the configuration; makes it active where that works.</summary>
    /// <exception cref="PluginException">It does not; the package is quarantined and what was active stays so.</exception>
    public static void Activate(string? config, StoredPackage stored)
    {
        PluginLocator locator = PluginsCommand.Open(config).Locator;
        locator.Store.Update(stored.Id, r => r.Try(stored.Version));
        try
        {
            PluginTrial.Run(locator, stored);
        }
        catch (PluginException e)
        {
            locator.Store.Update(stored.Id, r => r.Quarantine(stored.Version, e.Message));
            throw;
        }
        locator.Store.Update(stored.Id, r => r.Activate(stored.Version));
        Console.WriteLine($"{stored} is active: hosts load it when they start");
    }
}
