using System.CommandLine;
using Tessera.Host.Configuration;
using Tessera.Host.Plugins;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Cli.Packages;

/// <summary><c>tessera plugins</c>: packages and the store.</summary>
internal static class PluginsCommand
{
    /// <summary>What a package is called on the command line.</summary>
    public const string ReferenceHelp = "id, id@version or id@version@hash; the hash may be cut short.";

    public static Command Create() => new("plugins", "Begins, packs, checks, installs and switches plugins.")
    {
        NewCommand.Create(), PackCommand.Create(), KeyCommand.Create(), VerifyCommand.Create(), InstallCommand.Create(),
        ListPluginsCommand.Create(), ActivateCommand.Create(), RollBackCommand.Create(), RemoveCommand.Create(),
    };

    /// <summary>The plugins section of the configuration, and what finds packages by it.</summary>
    /// <param name="config">The configuration's file, or null.</param>
    /// <param name="allowUnsigned">Lets packages pass that nobody vouches for, whatever the configuration says.</param>
    public static (PluginsConfiguration Configuration, PluginLocator Locator) Open(string? config, bool allowUnsigned = false)
    {
        PluginsConfiguration plugins = new ConfigurationLoader { RequireModelFiles = false }.Load(config).Plugins;
        plugins = plugins with { AllowUnsigned = plugins.AllowUnsigned || allowUnsigned };
        return (plugins, new PluginLocator(plugins, TrustedFiles.Read(AppContext.BaseDirectory)));
    }

    /// <summary>A package's folder; an archive is taken apart into a folder that goes with the result.</summary>
    public static T At<T>(string path, Func<PluginPackage, T> use)
    {
        if (Directory.Exists(path))
            return use(Named(Path.GetFullPath(path)));
        if (!File.Exists(path))
            throw new PluginException($"{path}: no such file or folder");
        string folder = Directory.CreateTempSubdirectory("tessera-tpk-").FullName;
        try
        {
            PackageArchive.Extract(path, folder);
            return use(Named(folder));
        }
        finally
        {
            try
            {
                PackageFiles.Delete(folder);
            }
            catch (UnauthorizedAccessException)
            {
                // Some systems keep the files of loaded assemblies until the process ends.
            }
        }
    }

    private static PluginPackage Named(string folder) => new(new PluginPackage(Path.GetFileName(folder), folder).ReadManifest().Id, folder);
}
