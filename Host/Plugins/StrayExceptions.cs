using System.Diagnostics;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.Loader;

namespace Tessera.Host.Plugins;

/// <summary>Keeps an exception on a thread that a plugin has started itself from ending the process: it is logged, and the thread ends. .NET allows that for exceptions; a stack overflow, a crash in native code or a call of Environment.FailFast ends the process all the same.</summary>
internal static class StrayExceptions
{
    private static readonly Lock s_lock = new();
    private static ILogger? s_logger;
    private static bool s_installed;

    /// <summary>From now on they are logged here; the last caller's logger counts.</summary>
    public static void Catch(ILogger logger)
    {
        lock (s_lock)
        {
            s_logger = logger;
            if (s_installed)
                return;
            s_installed = true;
            ExceptionHandling.SetUnhandledExceptionHandler(IsPlugins);
        }
    }

    private static bool IsPlugins(Exception e)
    {
        ILogger? logger;
        lock (s_lock)
            logger = s_logger;
        if (logger is null || Thrower(e) is not { } assembly)
            return false;
        logger.LogError("plugin assembly '{Assembly}': a thread of it has ended with {Error}", assembly, Failure.Describe(e));
        return true;
    }

    /// <summary>The plugin's assembly in the exception's stack, or null.</summary>
    private static string? Thrower(Exception e)
    {
        foreach (StackFrame frame in new StackTrace(e).GetFrames())
            if (frame.GetMethod()?.DeclaringType?.Assembly is { } assembly && IsPlugin(assembly))
                return assembly.GetName().Name;
        return IsPlugin(e.GetType().Assembly) ? e.GetType().Assembly.GetName().Name : null;
    }

    private static bool IsPlugin(Assembly assembly) => AssemblyLoadContext.GetLoadContext(assembly) is { IsCollectible: true };
}
