using System.CommandLine;
using System.Security.Cryptography;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins pack</c>: a plugin's output folder as one file.</summary>
internal static class PackCommand
{
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "The plugin's output with its plugin.json." };
        Argument<string?> output = new("OUT") { Description = "The package (default: <id>-<version>.tpk here).", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> publisher = new("--publisher") { Description = "Whose signature it carries.", HelpName = "NAME" };
        Option<string?> key = new("--key") { Description = "The publisher's private key (PEM), from `tessera plugins key`.", HelpName = "FILE" };
        Command command = new("pack", "Packs a plugin, with the hashes of its files and, given a key, a signature.") { folder, output, publisher, key };
        command.Validators.Add(r =>
        {
            if (r.GetValue(publisher) is null != r.GetValue(key) is null)
                r.AddError("--publisher and --key go together");
        });
        command.Do((result, _) => Task.FromResult(Run(result.GetRequiredValue(folder), result.GetValue(output), result.GetValue(publisher), result.GetValue(key))));
        return command;
    }

    private static int Run(string folder, string? output, string? publisher, string? keyFile)
    {
        using ECDsa? key = keyFile is null ? null : ReadKey(keyFile);
        // Whoever packs trusts what is packed; every other rule holds.
        Dictionary<string, byte[]> publishers = key is null ? [] : new() { [publisher!] = key.ExportSubjectPublicKeyInfo() };
        PluginLocator locator = new(new() { Folders = [], Load = [], Store = "", AllowUnsigned = key is null, Publishers = publishers, Options = new Dictionary<string, IReadOnlyList<Configuration.PluginOption>>() }, new TrustedFiles([]));
        (string path, VerifiedPackage package) = PackageBuilder.Pack(folder, output, publisher, key, locator.Verify);
        Console.WriteLine($"{path}: {package.Manifest.Id} {package.Manifest.Version}, {package.Content.Files.Count} files, {package.Voucher}");
        Console.WriteLine(package.Content.Hash);
        return Terminal.Done;
    }

    private static ECDsa ReadKey(string path)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(TextFile.Read(path, "a private ECDSA key in PEM"));
            return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new PluginException($"{path}: expected a private ECDSA key in PEM: {e.Message}");
        }
    }
}
