using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>Loads a package once to see that it can be: it verifies, its entry registers what the manifest says, and it can be disposed.</summary>
internal static class PluginTrial
{
    /// <exception cref="PluginException">It cannot.</exception>
    public static void Run(PluginLocator locator, StoredPackage stored)
    {
        VerifiedPackage package = locator.Stored(stored);
        PluginGeneration generation = new PluginActivator(NullLoggerFactory.Instance).Activate(package, locator.Options(package.Manifest));
        generation.Retire();
        generation.Unloaded.GetAwaiter().GetResult();
    }
}
