using System.Diagnostics;
using Tessera.Acceptance.Tests.Stack;
using Tessera.Engine;
using Tessera.Engine.Evaluation;

namespace Tessera.Acceptance.Tests.Hostile;

/// <summary>A model that may lie, taken the whole way: format, graph, backend, one evaluation.</summary>
internal static class HostileRun
{
    private const long MaxAllocated = 16 << 20;
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(10);

    /// <summary>True when the model ran, false when it was refused with a typed error; anything else fails the test.</summary>
    public static bool Try(HostStack stack, string path, string what)
    {
        long start = Stopwatch.GetTimestamp(), before = GC.GetAllocatedBytesForCurrentThread();
        bool ran;
        try
        {
            using Composition composition = stack.Build(path, ActivationPrecision.Fast);
            using SequenceEvaluator evaluator = new(composition.Name, composition.Graph, composition.Runtime, composition.Limits);
            evaluator.Evaluate([1, 2, 3], [2], static (_, _) => { }, 2);
            ran = true;
        }
        catch (TesseraException)
        {
            ran = false;
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocated, $"{what}: allocated {allocated} bytes");
        Assert.True(Stopwatch.GetElapsedTime(start) < Guard, $"{what}: took {Stopwatch.GetElapsedTime(start)}");
        return ran;
    }
}
