using System.CommandLine;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins install</c>: a package into the store.</summary>
internal static class InstallCommand
{
    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "A package (.tpk) or a package's folder." };
        Option<bool> activate = new("--activate") { Description = "Switch to it, too." };
        Option<string?> config = CommandParts.Config();
        Command command = new("install", "Checks a package and takes it into the store.") { path, activate, config };
        command.Do((result, _) => Task.FromResult(Run(result.GetRequiredValue(path), result.GetValue(activate), result.GetValue(config))));
        return command;
    }

    private static int Run(string path, bool activate, string? config)
    {
        PluginLocator locator = PluginsCommand.Open(config).Locator;
        if (!File.Exists(path) && !Directory.Exists(path))
            throw new PluginException($"{path}: no such file or folder");
        StoredPackage stored = locator.Install(path);
        Console.WriteLine($"{stored.Id}@{stored.Version.Version}@{stored.Version.Hash} is in the store {locator.Store.Folder}");
        if (activate)
            ActivateCommand.Activate(config, stored);
        return Terminal.Done;
    }
}
