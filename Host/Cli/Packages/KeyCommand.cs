using System.CommandLine;
using System.Security.Cryptography;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins key</c>: a key to sign packages with.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        Argument<string> publisher = new("NAME") { Description = "The publisher's name." };
        Argument<string> file = new("FILE") { Description = "Where the private key goes; it must not be there yet." };
        Command command = new("key", "Makes a publisher's key and prints the line that trusts it.") { publisher, file };
        command.Do((result, _) => Task.FromResult(Run(result.GetRequiredValue(publisher), result.GetRequiredValue(file))));
        return command;
    }

    private static int Run(string publisher, string path)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (StreamWriter file = new(path, options))
            file.WriteLine(key.ExportPkcs8PrivateKeyPem());
        Console.WriteLine($"# {path} holds the private key; keep it secret. Hosts trust it by this line below plugins.publishers:");
        Console.WriteLine($"\"{publisher}\": \"{Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())}\"");
        return Terminal.Done;
    }
}
