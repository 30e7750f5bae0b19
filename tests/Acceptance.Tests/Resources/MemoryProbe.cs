using System.Globalization;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Generation;
using Tessera.Host.Compute;

namespace Tessera.Acceptance.Tests.Resources;

/// <summary>The child process of <see cref="MemoryTests"/>; explicit, so that a usual run leaves it out.</summary>
public sealed class MemoryProbe
{
    public const string Small = "TESSERA_TEST_SMALL_MODEL", Large = "TESSERA_TEST_LARGE_MODEL", Done = "measured";
    private const int Context = 256, Rows = 64, Sequences = 2, Tokens = 6;

    [Fact(Explicit = true)]
    public async Task Measure()
    {
        string small = Environment.GetEnvironmentVariable(Small)!, large = Environment.GetEnvironmentVariable(Large)!;
        await using HostStack stack = new();
        // Plugins are loaded and code is compiled by then.
        await UseAsync(stack, small, new SharedBudget(HostStack.KvBytes), _ => { });
        long before = Anonymous(), after = 0, scratch = 0;
        SharedBudget kv = new(HostStack.KvBytes);
        long kvUsed = 0;
        await UseAsync(stack, large, kv, composition => (after, scratch, kvUsed) = (Anonymous(), composition.Runtime.ScratchBytes, kv.Used));
        long file = new FileInfo(large).Length, other = after - before - scratch - kvUsed;
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{Done}: file {file / 1e6:F1} MB; grown by {(after - before) / 1e6:F2} MB, of which scratch at most {scratch / 1e6:F2}, KV at most {kvUsed / 1e6:F2}, other {other / 1e6:F2}"));
        Assert.True(other < file / 10, $"{other} bytes beside a file of {file}");
        // Nothing is repacked either: that would count as scratch.
        Assert.True(scratch < file / 10, $"scratch of {scratch} bytes for a file of {file}");
    }

    private static async Task UseAsync(HostStack stack, string path, SharedBudget kv, Action<Composition> look)
    {
        Composition composition = stack.Builder(kv, e => e with { MaxBatchTokens = Rows, MaxSequences = Sequences })
            .Build(HostStack.Entry(path, ActivationPrecision.Fast, Context));
        await using SteppedEngine engine = new(composition);
        GenerationStream stream = engine.Submit(SeededModel.Tokens(1, 100), Tokens);
        engine.Run();
        Assert.Equal(Tokens, SteppedEngine.Read(stream).Tokens.Length);
        look(composition);
    }

    /// <summary>Resident memory that no file backs, after a collection.</summary>
    private static long Anonymous()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
