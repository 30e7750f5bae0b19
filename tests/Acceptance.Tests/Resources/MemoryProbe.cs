using System.Globalization;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Generation;

namespace Tessera.Acceptance.Tests.Resources;

/// <summary>The child process of <see cref="MemoryTests"/>; explicit, so that a usual run leaves it out.</summary>
public sealed class MemoryProbe
{
    public const string Small = "TESSERA_TEST_SMALL_MODEL", Large = "TESSERA_TEST_LARGE_MODEL", Done = "measured";
    private const int Context = 256, Rows = 16, Sequences = 2, Prompt = 100, Tokens = 6;

    [Fact(Explicit = true)]
    public async Task Measure()
    {
        string small = Environment.GetEnvironmentVariable(Small)!, large = Environment.GetEnvironmentVariable(Large)!;
        await using HostStack stack = new();
        // Plugins are loaded and code is compiled by then.
        await UseAsync(stack, small, _ => { });
        long before = Anonymous(), after = 0, scratch = 0, kv = 0;
        await UseAsync(stack, large, composition =>
        {
            (after, scratch) = (Anonymous(), composition.Runtime.ScratchBytes);
            // The blocks that were written; others are reserved and not resident.
            kv = composition.Runtime.BlockBytes(0) * ((Prompt + Tokens + composition.Limits.BlockTokens - 1) / composition.Limits.BlockTokens);
        });
        long file = Bytes(large), other = after - before - scratch - kv;
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{Done}: file {file / 1e6:F1} MB; grown by {(after - before) / 1e6:F2} MB, of which scratch {scratch / 1e6:F2}, KV {kv / 1e6:F2}, other {other / 1e6:F2}"));
        Assert.True(other < file / 10, $"{other} bytes beside a file of {file}");
        // Nothing is repacked either: that would count as scratch.
        Assert.True(scratch < file / 10, $"scratch of {scratch} bytes for a file of {file}");
    }

    /// <summary>Bytes of a file, or of a folder's files.</summary>
    public static long Bytes(string path) => Directory.Exists(path) ? Directory.GetFiles(path).Sum(f => new FileInfo(f).Length) : new FileInfo(path).Length;

    private static async Task UseAsync(HostStack stack, string path, Action<Composition> look)
    {
        Composition composition = stack.Builder(engine: e => e with { MaxBatchTokens = Rows, MaxSequences = Sequences })
            .Build(HostStack.Entry(path, ActivationPrecision.Fast, Context));
        await using SteppedEngine engine = new(composition);
        GenerationStream stream = engine.Submit(SeededModel.Tokens(1, Prompt), Tokens);
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
