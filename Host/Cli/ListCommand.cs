using System.CommandLine;
using Tessera.Host.Configuration;

namespace Tessera.Host.Cli;

/// <summary><c>tessera list</c>: the configured models.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        Option<string?> config = CommandParts.Config();
        Command command = new("list", "Lists the configured models.") { config };
        command.Do((result, _) => Task.FromResult(Run(result.GetValue(config))));
        return command;
    }

    private static int Run(string? config)
    {
        HostConfiguration configuration = new ConfigurationLoader { RequireModelFiles = false }.Load(config);
        foreach (ModelConfiguration model in configuration.Models.List)
        {
            FileInfo file = new(model.Path);
            string size = file.Exists ? $"{file.Length / 1e6:F1} MB" : Directory.Exists(model.Path) ? "folder" : "missing";
            Console.WriteLine($"{(model.Name == configuration.Models.Default ? "*" : " ")} {model.Name,-24} {size,12}  {model.Path}");
        }
        return Terminal.Done;
    }
}
