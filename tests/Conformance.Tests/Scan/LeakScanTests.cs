using System.Reflection;
using Tessera.Conformance.Scan;

namespace Tessera.Conformance.Tests.Scan;

public sealed class LeakScanTests
{
    private static readonly string Path = typeof(Leaks).Assembly.Location;
    private static readonly IReadOnlyList<ScanFinding> Findings = LeakScan.Scan(Path, own: true);

    [Theory]
    [InlineData(nameof(Leaks.Event), "error event", "System.AppDomain.add_ProcessExit")]
    [InlineData(nameof(Leaks.StaticEvent), "error event", "System.Console.add_CancelKeyPress")]
    [InlineData(nameof(Leaks.ContextEvent), "error event", "System.Runtime.Loader.AssemblyLoadContext.add_Resolving")]
    [InlineData(nameof(Leaks.TaskEvent), "error event", "System.Threading.Tasks.TaskScheduler.add_UnobservedTaskException")]
    [InlineData(nameof(Leaks.Signal), "error signal", "System.Runtime.InteropServices.PosixSignalRegistration.Create")]
    [InlineData(nameof(Leaks.Thread), "error thread", "System.Threading.Thread..ctor")]
    [InlineData(nameof(Leaks.AsyncLocal), "error async-local", "System.Threading.AsyncLocal`1<System.Int32>..ctor")]
    [InlineData(nameof(Leaks.Json), "error json", "System.Text.Json.JsonSerializer.Serialize")]
    [InlineData(nameof(Leaks.JsonBack), "error json", "System.Text.Json.JsonSerializer.Deserialize")]
    [InlineData(nameof(Leaks.TypeDescriptors), "error type-descriptor", "System.ComponentModel.TypeDescriptor.GetProperties")]
    [InlineData(nameof(Leaks.Dynamic), "error dynamic", "Microsoft.CSharp.RuntimeBinder")]
    [InlineData(nameof(Leaks.Load), "error load", "System.Reflection.Assembly.LoadFrom")]
    [InlineData(nameof(Leaks.Context), "error load", "System.Runtime.Loader.AssemblyLoadContext..ctor")]
    [InlineData(nameof(Leaks.Resolver), "error resolver", "System.Runtime.InteropServices.NativeLibrary.SetDllImportResolver")]
    [InlineData(nameof(Leaks.Exit), "error exit", "System.Environment.Exit")]
    [InlineData(nameof(Leaks.Timer), "warning timer", "System.Threading.Timer..ctor")]
    [InlineData(nameof(Leaks.Periodic), "warning timer", "System.Threading.PeriodicTimer..ctor")]
    [InlineData(nameof(Leaks.Wait), "warning wait", "System.Threading.ThreadPool.RegisterWaitForSingleObject")]
    [InlineData(nameof(Leaks.Delay), "warning wait", "System.Threading.Tasks.Task.Delay")]
    [InlineData(nameof(Leaks.Meter), "warning diagnostics", "System.Diagnostics.Metrics.Meter..ctor")]
    [InlineData(nameof(Leaks.Handle), "warning gc-handle", "System.Runtime.InteropServices.GCHandle.Alloc")]
    [InlineData(nameof(Leaks.WeakTable), "warning weak-table", "System.Runtime.CompilerServices.ConditionalWeakTable`2<System.Object, System.Object>..ctor")]
    [InlineData(nameof(Leaks.Linked), "warning cancellation", "System.Threading.CancellationTokenSource.CreateLinkedTokenSource")]
    [InlineData(nameof(Leaks.Registered), "warning cancellation", "System.Threading.CancellationToken.Register")]
    [InlineData(nameof(Leaks.Pool), "warning array-pool", "System.Buffers.ArrayPool`1<Tessera.Conformance.Tests.Scan.Pair>.get_Shared")]
    public void Each_leak_is_found_where_it_is(string method, string rule, string use) =>
        Assert.Contains(Of(method), f => $"{f}".StartsWith($"{rule}: {typeof(Leaks).FullName}.{method} uses {use}", StringComparison.Ordinal) && f.Advice.Length > 10);

    [Fact]
    public void Every_method_of_the_leaks_is_in_the_list_above()
    {
        MethodInfo[] methods = typeof(Leaks).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly);
        Assert.Equal(methods.Select(m => m.Name).Order(), typeof(LeakScanTests).GetMethod(nameof(Each_leak_is_found_where_it_is))!.GetCustomAttributes<InlineDataAttribute>().Select(d => (string)d.Data[0]!).Order());
    }

    [Fact]
    public void What_is_allowed_is_not_found() => Assert.DoesNotContain(Findings, f => f.Found.Contains($".{nameof(Harmless)}.", StringComparison.Ordinal));

    [Fact]
    public void In_a_library_of_others_all_are_warnings() => Assert.DoesNotContain(LeakScan.Scan(Path, own: false), f => f.Level == FindingLevel.Error);

    [Fact]
    public void A_module_initializer_is_found() => Assert.Contains(Findings, f => f is { Rule: "module-initializer", Level: FindingLevel.Error });

    [Fact]
    public void A_file_that_is_no_library_is_refused() => Assert.Throws<BadImageFormatException>(() => LeakScan.Scan(System.IO.Path.Combine(Shared.RepositoryRoot, "README.md"), own: true));

    private static IEnumerable<ScanFinding> Of(string method) => Findings.Where(f => f.Found.Contains($"{nameof(Leaks)}.{method} ", StringComparison.Ordinal));
}
