using System.CommandLine;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins remove</c>: a package out of the store.</summary>
internal static class RemoveCommand
{
    public static Command Create()
    {
        Argument<string> reference = new("PACKAGE") { Description = PluginsCommand.ReferenceHelp };
        Option<string?> config = CommandParts.Config();
        Command command = new("remove", "Deletes an installed package that is not active.") { reference, config };
        command.Do((result, _) =>
        {
            PluginStore store = PluginsCommand.Open(result.GetValue(config)).Locator.Store;
            StoredPackage package = store.Find(result.GetRequiredValue(reference));
            store.Remove(package);
            Console.WriteLine($"{package} is removed");
            return Task.FromResult(Terminal.Done);
        });
        return command;
    }
}
