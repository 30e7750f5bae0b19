using System.CommandLine;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Kit;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins verify</c>: whether a host with this configuration would load a package, and whether its plugin does what plugins must.</summary>
internal static class VerifyCommand
{
    private const int DefaultRounds = 50;

    public static Command Create()
    {
        Argument<string> path = new("PATH") { Description = "A package (.tpk) or a package's folder, such as a plugin's build output." };
        Option<bool> rulesOnly = new("--rules-only") { Description = "Runs none of its code: checks manifest, hashes, trust and assemblies only." };
        Option<bool> unsigned = new("--allow-unsigned") { Description = "Runs its code though nobody vouches for it: for authors, on what they have built." };
        Option<int?> rounds = TypedOption.Number<int>(["--rounds"], $"How often the plugin is exercised before it is unloaded (default {DefaultRounds}).", 1, 100_000);
        Option<string?> config = CommandParts.Config();
        Command command = new("verify", "Checks a package by the configuration's rules; then loads the plugin, exercises it and unloads it.") { path, rulesOnly, unsigned, rounds, config };
        command.Do((result, _) => Task.FromResult(Run(result.GetRequiredValue(path), result.GetValue(rulesOnly), result.GetValue(unsigned), result.GetValue(rounds) ?? DefaultRounds, result.GetValue(config))));
        return command;
    }

    private static int Run(string path, bool rulesOnly, bool unsigned, int rounds, string? config)
    {
        PluginLocator locator = PluginsCommand.Open(config, unsigned).Locator;
        return PluginsCommand.At(path, package => Verify(locator, package, rulesOnly, rounds));
    }

    private static int Verify(PluginLocator locator, PluginPackage folder, bool rulesOnly, int rounds)
    {
        VerifiedPackage package = locator.Verify(folder);
        PluginManifest manifest = package.Manifest;
        Console.WriteLine($"{manifest.Id} {manifest.Version}: contract {manifest.Contract}, {package.Content.Files.Count} files, {package.Voucher}");
        Console.WriteLine(package.Content.Hash);
        foreach (IGrouping<string, string> kind in manifest.Provides.GroupBy(p => p.Kind, p => p.Name))
            Console.WriteLine($"  {kind.Key}: {string.Join(", ", kind)}");
        if (rulesOnly)
            return Terminal.Done;
        KitReport report = new(Console.Out);
        new PluginKit(package, locator.Options(manifest), rounds, report).Run();
        Console.WriteLine(report);
        return report.Errors == 0 ? Terminal.Done : Terminal.Failed;
    }
}
