using System.CommandLine;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins new</c>: the beginning of a plugin.</summary>
internal static class NewCommand
{
    public static Command Create()
    {
        Argument<string> name = new("NAME") { Description = "The name of its assembly and namespace, such as Acme.Quant; in lower case, its id." };
        Option<string> kind = new("--kind") { Description = $"What it adds: {string.Join(", ", PluginTemplate.Kinds)}.", Required = true, HelpName = "KIND" };
        Option<string?> output = new("--output", "-o") { Description = "Its folder (default: a new one with its name).", HelpName = "FOLDER" };
        Command command = new("new", "Writes a small plugin that builds, and passes `tessera plugins verify`.") { name, kind, output };
        command.Do((result, _) =>
        {
            string folder = Path.GetFullPath(result.GetValue(output) ?? result.GetRequiredValue(name));
            foreach (string file in PluginTemplate.Create(result.GetRequiredValue(kind), result.GetRequiredValue(name), folder))
                Console.WriteLine(Path.Combine(folder, file));
            return Task.FromResult(Terminal.Done);
        });
        return command;
    }
}
