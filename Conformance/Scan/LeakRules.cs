namespace Tessera.Conformance.Scan;

/// <summary>What plugins must not call, or only with care: each was seen to keep a load context alive, or reaches out of the plugin.</summary>
internal static class LeakRules
{
    private const string Dispose = "Dispose it with the service that owns it, or the plugin cannot be unloaded";

    private static readonly Rule[] All =
    [
        new("event", FindingLevel.Error, "The runtime's events hold their handlers: subscribe to none", u => u.Name.StartsWith("add_", StringComparison.Ordinal) && (u.IsStatic || u.Type is "System.AppDomain" or "System.Runtime.Loader.AssemblyLoadContext")),
        new("signal", FindingLevel.Error, "Signals are the host's", Calls("System.Runtime.InteropServices.PosixSignalRegistration", "Create")),
        new("thread", FindingLevel.Error, "Take threads from IWorkTeam", Constructs("System.Threading.Thread")),
        new("async-local", FindingLevel.Error, "Its value lives on in the host's own contexts: pass the value", Constructs("System.Threading.AsyncLocal`1")),
        new("json", FindingLevel.Error, "Reflection-based JSON keeps every type that it saw: use a JsonSerializerContext that the compiler generates", IsReflectedJson),
        new("json", FindingLevel.Error, "Newtonsoft.Json keeps every type that it saw: use System.Text.Json with a JsonSerializerContext", u => u.Type.StartsWith("Newtonsoft.Json.", StringComparison.Ordinal)),
        new("type-descriptor", FindingLevel.Error, "It keeps every type that it saw: do without it", u => u.Type is "System.ComponentModel.TypeDescriptor" or "System.ComponentModel.DataAnnotations.Validator"),
        new("dynamic", FindingLevel.Error, "The binder of dynamic keeps every type that it saw: use types", u => u.Type.StartsWith("Microsoft.CSharp.RuntimeBinder.", StringComparison.Ordinal)),
        new("load", FindingLevel.Error, "Everything that a plugin needs is in its package, and is loaded before its code runs", u =>
            (u.Type == "System.Reflection.Assembly" && u.Name is "Load" or "LoadFrom" or "LoadFile" or "UnsafeLoadFrom") || (u.Type == "System.Runtime.Loader.AssemblyLoadContext" && (u.Name == ".ctor" || u.Name.StartsWith("LoadFrom", StringComparison.Ordinal)))),
        new("resolver", FindingLevel.Error, "The host finds native libraries in the package", Calls("System.Runtime.InteropServices.NativeLibrary", "SetDllImportResolver")),
        new("exit", FindingLevel.Error, "The process is the host's: throw a TesseraException", Calls("System.Environment", "Exit", "FailFast")),
        new("timer", FindingLevel.Warning, Dispose, Constructs("System.Threading.Timer", "System.Threading.PeriodicTimer", "System.Timers.Timer")),
        new("wait", FindingLevel.Warning, "Unregister it when the plugin is disposed", Calls("System.Threading.ThreadPool", "RegisterWaitForSingleObject", "UnsafeRegisterWaitForSingleObject")),
        new("wait", FindingLevel.Warning, "A task that waits for long holds its method: do not wait in a plugin, or give it up when the plugin is disposed", Calls("System.Threading.Tasks.Task", "Delay")),
        new("diagnostics", FindingLevel.Warning, Dispose, Constructs("System.Diagnostics.Metrics.Meter", "System.Diagnostics.Metrics.MeterListener", "System.Diagnostics.ActivityListener", "System.Diagnostics.ActivitySource", "System.Diagnostics.Tracing.EventListener")),
        new("gc-handle", FindingLevel.Warning, "Free it when the plugin is disposed", Calls("System.Runtime.InteropServices.GCHandle", "Alloc")),
        new("weak-table", FindingLevel.Warning, "An entry lives as long as its key: use no objects of the host as keys", Constructs("System.Runtime.CompilerServices.ConditionalWeakTable`2")),
        new("cancellation", FindingLevel.Warning, "Dispose what is registered with a token of the host, or linked to one", u =>
            (u.Type == "System.Threading.CancellationTokenSource" && u.Name == "CreateLinkedTokenSource") || (u.Type == "System.Threading.CancellationToken" && u.Name is "Register" or "UnsafeRegister")),
        new("change-token", FindingLevel.Warning, "Dispose the registration", u => u.Type.StartsWith("Microsoft.Extensions.Primitives.", StringComparison.Ordinal) && u.Name is "OnChange" or "RegisterChangeCallback"),
        new("array-pool", FindingLevel.Warning, "The shared pool keeps arrays, and what is in them: clear them when you give them back", u =>
            u.Type == "System.Buffers.ArrayPool`1" && u.Name == "get_Shared" && !u.TypeArguments.All(IsPlain)),
    ];

    /// <summary>The rule that a use breaks, or null.</summary>
    public static (string Id, FindingLevel Level, string Advice)? Of(MemberUse use) =>
        Array.Find(All, r => r.Breaks(use)) is { } rule ? (rule.Id, rule.Level, rule.Advice) : null;

    private static Func<MemberUse, bool> Constructs(params string[] types) => u => u.Name == ".ctor" && types.Contains(u.Type);

    private static Func<MemberUse, bool> Calls(string type, params string[] names) => u => u.Type == type && names.Contains(u.Name);

    private static bool IsReflectedJson(MemberUse use) =>
        (use.Type == "System.Text.Json.JsonSerializer" && use.Parameters.Count > 0 && !use.Parameters.Any(p => p.StartsWith("System.Text.Json.Serialization.Metadata.JsonTypeInfo", StringComparison.Ordinal) || p == "System.Text.Json.Serialization.JsonSerializerContext"))
        || (use.Type == "System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver" && use.Name == ".ctor");

    private static bool IsPlain(string type) => type is "System.Byte" or "System.SByte" or "System.Int16" or "System.UInt16" or "System.Int32" or "System.UInt32" or "System.Int64" or "System.UInt64" or "System.Single" or "System.Double" or "System.Char" or "System.Boolean";

    private sealed record Rule(string Id, FindingLevel Level, string Advice, Func<MemberUse, bool> Breaks);
}
