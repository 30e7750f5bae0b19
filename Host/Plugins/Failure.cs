using System.Diagnostics;
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
        return e is TesseraException ? e.Message : $"{e.GetType().Name}: {e.Message}{Place(e)}";
    }

    // What the runtime itself throws says nothing of where; the author of the plugin has to know.
    private static string Place(Exception e) =>
        e is (NullReferenceException or IndexOutOfRangeException or InvalidCastException or DivideByZeroException) && new StackTrace(e).GetFrame(0)?.GetMethod() is { } method
            ? $" (in {method.DeclaringType?.FullName}.{method.Name})"
            : "";

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
