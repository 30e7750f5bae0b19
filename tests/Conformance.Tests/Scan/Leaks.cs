using System.Buffers;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tessera.Conformance.Tests.Scan;

/// <summary>One method for each thing that a plugin must not do; never called, only read.</summary>
internal static class Leaks
{
    public static void Event() => AppDomain.CurrentDomain.ProcessExit += Handle;

    public static void StaticEvent() => Console.CancelKeyPress += HandleKey;

    public static void ContextEvent() => AssemblyLoadContext.Default.Resolving += Resolve;

    public static void TaskEvent() => TaskScheduler.UnobservedTaskException += HandleTask;

    public static IDisposable Signal() => PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => { });

    public static void Thread() => new Thread(() => { }).Start();

    public static object AsyncLocal() => new AsyncLocal<int>();

    public static string Json() => JsonSerializer.Serialize(new Pair(1));

    public static object? JsonBack(Type type) => JsonSerializer.Deserialize("{}", type);

    public static object TypeDescriptors() => TypeDescriptor.GetProperties(typeof(Pair));

    public static int Dynamic(dynamic value) => value.Length;

    public static Assembly Load() => Assembly.LoadFrom("x.dll");

    public static object Context() => new AssemblyLoadContext("x", isCollectible: true);

    public static void Resolver() => NativeLibrary.SetDllImportResolver(typeof(Leaks).Assembly, (_, _, _) => 0);

    public static void Exit() => Environment.Exit(1);

    public static object Timer() => new Timer(_ => { });

    public static object Periodic() => new PeriodicTimer(TimeSpan.FromSeconds(1));

    public static object Wait(WaitHandle handle) => ThreadPool.RegisterWaitForSingleObject(handle, (_, _) => { }, null, 1, true);

    public static Task Delay() => Task.Delay(100_000);

    public static object Meter() => new System.Diagnostics.Metrics.Meter("x");

    public static GCHandle Handle() => GCHandle.Alloc(new object());

    public static object WeakTable() => new ConditionalWeakTable<object, object>();

    public static object Linked(CancellationToken token) => CancellationTokenSource.CreateLinkedTokenSource(token);

    public static object Registered(CancellationToken token) => token.Register(() => { });

    public static object Pool() => ArrayPool<Pair>.Shared.Rent(1);

    [ModuleInitializer]
    internal static void Initialize()
    {
        // That it is there is what is found.
    }

    private static void Handle(object? sender, EventArgs e)
    {
    }

    private static void HandleKey(object? sender, ConsoleCancelEventArgs e)
    {
    }

    private static void HandleTask(object? sender, UnobservedTaskExceptionEventArgs e)
    {
    }

    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) => null;
}

/// <summary>What a plugin may do.</summary>
internal static class Harmless
{
    public static string Json() => JsonSerializer.Serialize(new Pair(1), PairJson.Default.Pair);

    public static object? JsonBack() => JsonSerializer.Deserialize("{}", typeof(Pair), PairJson.Default);

    public static byte[] Pool() => ArrayPool<byte>.Shared.Rent(1);

    public static int Switch(int value) => value switch { 1 => 5, 2 => 9, 3 => 1, 4 => 77, 5 => 12, 6 => 4, _ => Math.Abs(value) };

    public static async Task<int> Async(Task<int> other) => await other.ConfigureAwait(false) + 1;

    public static event EventHandler? Own;

    public static void Subscribe(EventHandler handler)
    {
        Own += handler;
        Own?.Invoke(null, EventArgs.Empty);
    }
}

internal sealed record Pair(int First);

[JsonSerializable(typeof(Pair))]
internal sealed partial class PairJson : JsonSerializerContext;
