using Tessera.MetalEmulator.Mutations;

namespace Tessera.MetalEmulator.Tests;

/// <summary>Seeded bugs of a small kernel: the way in which the kernels' own suites work.</summary>
public sealed class MutationTests
{
    private const string Sum = """
        kernel void k(device const float4 * x [[buffer(0)]], device float * y [[buffer(1)]], constant uint & n [[buffer(2)]], uint g [[threadgroup_position_in_grid]],
                      ushort i [[thread_index_in_threadgroup]], ushort lane [[thread_index_in_simdgroup]], ushort sg [[simdgroup_index_in_threadgroup]])
        {
            threadgroup float part[4];
            float acc = 0;
            for (uint k = i; k < n; k += 128)
                acc += dot(x[g * n + k], float4(1));
            acc = simd_sum(acc);
            if (lane == 0)
                part[sg] = acc;
            threadgroup_barrier(mem_flags::mem_threadgroup);
            if (i == 0)
                y[g] = (part[0] + part[1]) + (part[2] + part[3]);
        }
        """;

    private static readonly SeededBug[] Bugs =
    [
        new("barrier dropped", "sum", "threadgroup_barrier(mem_flags::mem_threadgroup);", ""),
        new("barrier for other memory", "sum", "mem_flags::mem_threadgroup", "mem_flags::mem_device"),
        new("one element too many", "sum", "k < n", "k <= n"),
        new("wrong stride", "sum", "k += 128", "k += 64"),
        new("loop that does not advance", "sum", "k += 128", "k += 0"),
        new("lane that does not exist", "sum", "lane == 0", "lane == 32"),
        new("not reduced", "sum", "acc = simd_sum(acc);", ""),
        new("array too small", "sum", "part[4]", "part[3]"),
        new("every thread writes", "sum", "if (i == 0)", ""),
        new("threadgroups mixed up", "sum", "x[g * n + k]", "x[k]"),
        new("returns before the barrier", "sum", "float acc = 0;", "float acc = 0; if (i > 100) return;"),
        new("divergent reduction", "sum", "acc = simd_sum(acc);", "if (lane < 16) acc = simd_sum(acc); else acc = simd_max(acc);\n"),
        new("does not compile", "sum", "float acc", "double acc"),
        new("barrier for both memories", "sum", "mem_flags::mem_threadgroup", "mem_flags::mem_threadgroup | mem_flags::mem_device") { Expected = BugExpectation.Harmless },
        new("another order of exact sums", "sum", "(part[0] + part[1]) + (part[2] + part[3])", "part[3] + part[2] + part[1] + part[0]") { Expected = BugExpectation.Harmless },
    ];

    public static TheoryData<string> Names => [.. Bugs.Select(b => b.Name)];

    private static void Test(EmulatorSession session)
    {
        const int Rows = 3, Width = 200;
        using Gpu gpu = new();
        float[] x = [.. Enumerable.Range(0, Rows * Width * 4).Select(i => (float)(i % 97))];
        nint y = gpu.Buffer(4 * Rows);
        Assert.Equal(Gpu.Completed, gpu.Run(gpu.Pipeline(Sum), new Size(Rows), new Size(128), gpu.Buffer(x), y, gpu.Buffer<uint>(Width)));
        Assert.Equal([.. Enumerable.Range(0, Rows).Select(r => x[(r * Width * 4)..((r + 1) * Width * 4)].Sum())], Gpu.Read<float>(y));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_seeded_bug_is_found_and_a_harmless_variant_is_not(string name) => MutationRun.Verify(Bugs.Single(b => b.Name == name), Test);

    [Fact]
    public void A_bug_whose_place_is_not_there_fails_the_suite()
    {
        SeededBug bug = new("no such text", "sum", "k += 512", "");
        Assert.Contains("is in no source", Assert.ThrowsAny<Exception>(() => MutationRun.Find(bug, Test)).Message, StringComparison.Ordinal);
    }
}
