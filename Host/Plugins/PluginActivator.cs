using System.Reflection;
using System.Runtime.CompilerServices;
using McMaster.NETCore.Plugins;
using Tessera.Host.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Tessera.Host.Plugins;

/// <summary>Loads a verified package into a load context of its own and builds its container.</summary>
/// <param name="loggers">Forwarded to the plugin.</param>
/// <param name="unloadable">False: the context stays for the life of the process, and its code is compiled as the host's own is; only to compare with.</param>
/// <param name="patience">How long its Dispose may take before it counts as stuck; null: as by default.</param>
/// <param name="clock">Measures that; null: the system's.</param>
internal sealed class PluginActivator(ILoggerFactory loggers, bool unloadable = true, Func<TimeSpan>? patience = null, TimeProvider? clock = null)
{
    private readonly ILogger _logger = loggers.CreateLogger<PluginActivator>();

    /// <summary>Loads every assembly of the package, makes the entry and lets it register what it provides.</summary>
    /// <exception cref="PluginException">Any step failed; nothing stays loaded.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public PluginGeneration Activate(VerifiedPackage verified, BoundOptions options)
    {
        (PluginPackage package, PluginManifest manifest) = (verified.Package, verified.Manifest);
        PluginLoader loader = PluginLoader.CreateFromAssemblyFile(Path.Combine(package.Folder, manifest.EntryAssembly), SharedAssemblies.Types, config =>
        {
            config.IsUnloadable = unloadable;
            config.EnableHotReload = false;
            config.LoadInMemory = false;
            config.IsLazyLoaded = false;
            config.PreferSharedTypes = false;
        });
        ServiceProvider? services = null;
        NativeLibraries natives = new(package.Folder);
        try
        {
            Assembly entry = Preload(loader, package, natives);
            ServiceCollection collection = Configure(CreateEntry(entry, manifest), options, manifest);
            services = collection.BuildServiceProvider();
            ProvidedContracts contracts = new(services, collection, manifest);
            return new(verified, options, loader, services, contracts, new WeakReference(entry), natives, _logger) { Patience = patience?.Invoke() ?? new LifeCycleConfiguration().Stuck, Clock = clock ?? TimeProvider.System };
        }
        catch (Exception e)
        {
            string text = e is PluginException ? e.Message : $"plugin '{manifest.Id}': cannot be loaded: {Failure.Describe(e)}";
            Abandon(services, loader, manifest.Id);
            throw new PluginException(text);
        }
    }

    /// <summary>Loads every assembly now: a plugin that looks for one only while it drains may not find it any more.</summary>
    private static Assembly Preload(PluginLoader loader, PluginPackage package, NativeLibraries natives)
    {
        Assembly entry = loader.LoadDefaultAssembly();
        foreach (string path in Directory.EnumerateFiles(package.Folder, "*.dll").Order(StringComparer.Ordinal))
            if (AssemblyFile.Read(path) is not null)
                natives.Attach(loader.LoadAssemblyFromPath(path));
        return entry;
    }

    private static IPlugin CreateEntry(Assembly assembly, PluginManifest manifest)
    {
        Type type = assembly.GetType(manifest.EntryType, throwOnError: false)
            ?? throw new PluginException($"plugin '{manifest.Id}': entryType: '{manifest.EntryAssembly}' has no type '{manifest.EntryType}'");
        if (!typeof(IPlugin).IsAssignableFrom(type) || type.IsAbstract)
            throw new PluginException($"plugin '{manifest.Id}': entryType: '{manifest.EntryType}' is no class that implements {nameof(IPlugin)}");
        if (type.GetConstructor(Type.EmptyTypes) is null)
            throw new PluginException($"plugin '{manifest.Id}': entryType: '{manifest.EntryType}' has no public constructor without arguments");
        return (IPlugin)Activator.CreateInstance(type)!;
    }

    private ServiceCollection Configure(IPlugin plugin, BoundOptions options, PluginManifest manifest)
    {
        ServiceCollection services = [];
        services.AddSingleton(loggers);
        services.TryAdd(ServiceDescriptor.Singleton(typeof(ILogger<>), typeof(Logger<>)));
        try
        {
            plugin.Configure(services, options.Values);
        }
        catch (PluginOptionException e)
        {
            throw new PluginException(options.Problem(manifest.Id, e));
        }
        catch (Exception e)
        {
            throw new PluginException($"plugin '{manifest.Id}': {nameof(IPlugin.Configure)} failed: {Failure.Describe(e)}");
        }
        return services;
    }

    private void Abandon(ServiceProvider? services, PluginLoader loader, string id)
    {
        try
        {
            services?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            _logger.LogWarning("plugin '{Id}': dispose failed: {Error}", id, Failure.Describe(e));
        }
        loader.Dispose();
    }
}
