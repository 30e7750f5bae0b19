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

    /// <summary>Calls code of a plugin; what it throws becomes a <see cref="PluginFaultException"/> with the text.</summary>
    /// <param name="call">The call.</param>
    /// <param name="passes">What is the caller's own, and gets through.</param>
    public static T Guard<T>(Func<T> call, Func<Exception, bool>? passes = null)
    {
        string text;
        try
        {
            return call();
        }
        catch (Exception e) when (passes?.Invoke(e) != true)
        {
            text = Describe(e);
        }
        throw new PluginFaultException(text);
    }
}

/// <summary>Code of a plugin has thrown where its contract knows no such error.</summary>
internal sealed class PluginFaultException(string message) : TesseraException(message);
