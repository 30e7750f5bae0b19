using System.CommandLine;
using Tessera.Host.Plugins;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins verify</c>: whether a host with this configuration would load a package.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "A package (.tpk) or a package's folder." };
        Option<string?> config = CommandParts.Config();
        Command command = new("verify", "Checks a package by the configuration's rules; runs none of its code.") { path, config };
        command.Do((result, _) => Task.FromResult(Run(result.GetRequiredValue(path), result.GetValue(config))));
        return command;
    }

    private static int Run(string path, string? config)
    {
        VerifiedPackage package = PluginsCommand.At(path, PluginsCommand.Open(config).Locator.Verify);
        PluginManifest manifest = package.Manifest;
        Console.WriteLine($"{manifest.Id} {manifest.Version}: contract {manifest.Contract}, {package.Content.Files.Count} files, {package.Voucher}");
        Console.WriteLine(package.Content.Hash);
        foreach (IGrouping<string, string> kind in manifest.Provides.GroupBy(p => p.Kind, p => p.Name))
            Console.WriteLine($"  {kind.Key}: {string.Join(", ", kind)}");
        return Terminal.Done;
    }
}
