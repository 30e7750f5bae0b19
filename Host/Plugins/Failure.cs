using System.Reflection;

namespace Tessera.Host.Plugins;

/// <summary>Turns a plugin's exceptions into texts: the object would keep the plugin's load context alive.</summary>
internal static class Failure
{
    /// <summary>The kind and text of an exception.</summary>
    public static string Describe(Exception e)
    {
        while (e is TargetInvocationException { InnerException: { } inner })
            e = inner;
        return e is TesseraException ? e.Message : $"{e.GetType().Name}: {e.Message}";
    }
}
