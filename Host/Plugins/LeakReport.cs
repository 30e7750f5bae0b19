using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Tessera.Host.Plugins;

/// <summary>
/// Says what holds a load context that does not die: the way from a static field to the first object of the plugin. Looks at the statics of the host and at those of the runtime in which plugins usually leave something; what a thread's stack,
/// a handle or native code holds cannot be seen from inside the process.
/// </summary>
internal static class LeakReport
{
    private const int MostObjects = 300_000, MostSteps = 16;
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic;
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(3);

    // Types whose static constructors have run anyway, or do nothing but make empty tables.
    private static readonly string[] Suspects =
    [
        "System.AppContext", "System.AppDomain", "System.Runtime.Loader.AssemblyLoadContext", "System.Threading.Tasks.TaskScheduler", "System.Threading.TimerQueue", "System.Threading.ThreadPool", "System.Console",
        "System.Runtime.InteropServices.PosixSignalRegistration", "System.Text.Json.JsonSerializerOptions", "System.Text.Json.JsonSerializerOptions+TrackedOptionsInstances",
        "System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver", "System.Text.Json.Serialization.Metadata.ReflectionEmitCachingMemberAccessor", "System.ComponentModel.TypeDescriptor",
        "System.ComponentModel.ReflectTypeDescriptionProvider", "System.ComponentModel.DataAnnotations.ValidationAttributeStore", "System.Diagnostics.Metrics.Instrument", "System.Diagnostics.Metrics.MeterListener",
        "System.Diagnostics.Metrics.Meter", "System.Diagnostics.ActivitySource", "System.Diagnostics.DiagnosticListener",
    ];

    /// <summary>One line for people.</summary>
    /// <param name="assembly">The plugin's assembly; where it is dead, something holds the load context alone.</param>
    /// <param name="context">Its load context.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static string Of(WeakReference assembly, WeakReference context)
    {
        if (context.Target is not AssemblyLoadContext target)
            return "it has died meanwhile";
        try
        {
            return Search(target, isAlone: !assembly.IsAlive) ?? "no static field of the host, and none of those in which plugins usually leave something, leads to it: a thread, a timer's callback that runs, a handle or native code holds it";
        }
        catch (Exception e) when (e is MemberAccessException or TargetInvocationException or TypeInitializationException or NotSupportedException)
        {
            return $"what holds it could not be found: {e.GetType().Name}";
        }
    }

    private static string? Search(AssemblyLoadContext context, bool isAlone)
    {
        long start = Stopwatch.GetTimestamp();
        Dictionary<object, (object? From, string Step)> seen = new(ReferenceEqualityComparer.Instance);
        Queue<object> open = new();
        foreach (FieldInfo field in Statics())
            if (Value(field, null) is { } root && seen.TryAdd(root, (null, $"{field.DeclaringType!.FullName}.{field.Name}")))
                open.Enqueue(root);
        Dictionary<Type, FieldInfo[]> fields = [];
        while (open.TryDequeue(out object? at) && seen.Count < MostObjects && Stopwatch.GetElapsedTime(start) < MostTime)
        {
            if (BelongsTo(at, context) || (isAlone && ReferenceEquals(at, context)))
                return $"held by {Way(seen, at)}";
            // Its own statics and the context itself lead to everything of it, and hold nothing from outside.
            if (ReferenceEquals(at, context))
                continue;
            foreach ((object value, string step) in Edges(at, fields))
                if (seen.TryAdd(value, (at, step)))
                    open.Enqueue(value);
        }
        return null;
    }

    private static IEnumerable<FieldInfo> Statics()
    {
        foreach (Assembly assembly in AssemblyLoadContext.Default.Assemblies)
        {
            bool own = assembly.GetName().Name is "tessera" or "Tessera.Engine" or "Tessera.Conformance" or "Tessera.Abstractions";
            Type[] types = own ? assembly.GetTypes() : [.. Suspects.Select(name => assembly.GetType(name, throwOnError: false)).OfType<Type>()];
            foreach (Type type in types.Where(t => !t.ContainsGenericParameters))
                foreach (FieldInfo field in type.GetFields(Own | BindingFlags.Static))
                    if (!field.IsLiteral && MayHold(field.FieldType) && !field.FieldType.IsValueType && !field.IsDefined(typeof(ThreadStaticAttribute)))
                        yield return field;
        }
    }

    private static IEnumerable<(object Value, string Step)> Edges(object at, Dictionary<Type, FieldInfo[]> known)
    {
        Type type = at.GetType();
        if (at is Array array)
        {
            if (array.Rank == 1 && MayHold(type.GetElementType()!))
                for (int i = 0; i < array.Length; i++)
                    if (array.GetValue(i) is { } item)
                        yield return (item, $"[{i}]");
            yield break;
        }
        if (!known.TryGetValue(type, out FieldInfo[]? fields))
            known.Add(type, fields = Fields(type));
        foreach (FieldInfo field in fields)
            if (Value(field, at) is { } value)
                yield return (value, $".{field.Name}");
    }

    private static FieldInfo[] Fields(Type type)
    {
        List<FieldInfo> fields = [];
        // A weak reference's handle is a number; reflection's own objects hold caches of everything.
        for (Type? t = typeof(MemberInfo).IsAssignableFrom(type) || typeof(Assembly).IsAssignableFrom(type) || type == typeof(WeakReference) ? null : type; t is not null; t = t.BaseType)
            fields.AddRange(t.GetFields(Own | BindingFlags.Instance).Where(f => MayHold(f.FieldType)));
        return [.. fields];
    }

    private static object? Value(FieldInfo field, object? of) => field.GetValue(of);

    private static bool MayHold(Type type) => !type.IsPrimitive && !type.IsEnum && !type.IsPointer && !type.IsFunctionPointer && !type.IsByRefLike && type != typeof(string) && type != typeof(decimal);

    private static bool BelongsTo(object at, AssemblyLoadContext context) => at switch
    {
        Type type => Is(type, context),
        MemberInfo member => member.DeclaringType is { } declaring && Is(declaring, context),
        Assembly assembly => AssemblyLoadContext.GetLoadContext(assembly) == context,
        Delegate { Target: null } call => call.Method.DeclaringType is { } declaring && Is(declaring, context),
        _ => Is(at.GetType(), context),
    };

    private static bool Is(Type type, AssemblyLoadContext context) =>
        AssemblyLoadContext.GetLoadContext(type.Assembly) == context || (type.IsGenericType && type.GetGenericArguments().Any(a => Is(a, context))) || (type.HasElementType && Is(type.GetElementType()!, context));

    private static string Way(Dictionary<object, (object? From, string Step)> seen, object to)
    {
        List<string> steps = [];
        object? at = to;
        while (at is not null && steps.Count < MostSteps)
        {
            (object? from, string step) = seen[at];
            steps.Add(step);
            at = from;
        }
        steps.Reverse();
        string what = to is Delegate call ? $"a call of {call.Method.DeclaringType?.FullName}.{call.Method.Name}" : to is Type type ? $"the type {type.FullName}" : to is MemberInfo member ? $"{member.DeclaringType?.FullName}.{member.Name}" : $"an object of {to.GetType().FullName}";
        return $"{(at is null ? "" : "…")}{string.Concat(steps)}: {what}";
    }
}
