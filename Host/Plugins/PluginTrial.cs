using Microsoft.Extensions.Logging.Abstractions;
using Tessera.Host.Plugins.Packages;

namespace Tessera.Host.Plugins;

/// <summary>Loads a package once to see that it can be: it verifies, its entry registers what the manifest says, it does what a host's canary asks for, and it can be disposed. It is compared with no other version's speed.</summary>
internal static class PluginTrial
{
    /// <exception cref="PluginException">It cannot.</exception>
    public static void Run(PluginLocator locator, StoredPackage stored)
    {
        VerifiedPackage package = locator.Stored(stored);
        PluginGeneration generation = new PluginActivator(NullLoggerFactory.Instance).Activate(package, locator.Options(package.Manifest));
        try
        {
            PluginCanary.Require(generation);
        }
        finally
        {
            generation.Retire();
            generation.Unloaded.GetAwaiter().GetResult();
        }
    }
}
