namespace Tessera.MetalEmulator.Tests;

/// <summary>Checked mode says of each wrong access what it is, and says nothing of right ones.</summary>
public sealed class CheckedModeTests
{
    private const string Kernels = """
        #define IDS uint i [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]
        #define XY device const float * x [[buffer(0)]], device float * y [[buffer(1)]]
        kernel void copy(XY, IDS) { y[g * 64 + i] = x[g * 64 + i]; }
        kernel void past_the_end(XY, IDS) { y[i] = x[i + 1]; }
        kernel void before_the_start(XY, IDS) { y[i] = x[(int)i - 1]; }
        kernel void write_past_the_end(XY, IDS) { y[i + 1] = x[i]; }
        kernel void write_to_const(XY, IDS) { ((device float *)x)[i] = y[i]; }
        kernel void misaligned(XY, IDS) { float4 v = ((device const float4 *)(x + 1))[i & 3]; y[i] = v.x + v.y + v.z + v.w; }
        kernel void array_bounds(XY, IDS) { float a[4] = {x[0], x[1], x[2], x[3]}; for (uint k = 0; k <= i % 5; ++k) a[k] += 1; y[i] = a[0] + a[i % 4]; }
        kernel void group_bounds(XY, threadgroup float * t [[threadgroup(0)]], IDS) { t[i + 1] = x[i]; y[i] = t[i + 1]; }
        kernel void divide(XY, IDS) { y[i] = (float)(7u / (uint)x[i]); }

        kernel void neighbour(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; threadgroup_barrier(mem_flags::mem_threadgroup); y[i] = s[i ^ 63]; }
        kernel void no_barrier(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; y[i] = s[i ^ 63]; }
        kernel void wrong_flag(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; threadgroup_barrier(mem_flags::mem_device); y[i] = s[i ^ 63]; }
        kernel void no_flag(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; threadgroup_barrier(mem_flags::mem_none); y[i] = s[i ^ 63]; }
        kernel void both_flags(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; threadgroup_barrier(mem_flags::mem_device | mem_flags::mem_threadgroup); y[i] = s[i ^ 63]; }
        kernel void second_round(XY, IDS) { threadgroup float s[64]; for (uint r = 0; r < 2; ++r) { s[i] = x[i] + r; threadgroup_barrier(mem_flags::mem_threadgroup); y[i] = s[i ^ 63]; } }
        kernel void simd_neighbour(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; simdgroup_barrier(mem_flags::mem_threadgroup); y[i] = s[i ^ 31]; }
        kernel void simd_no_barrier(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; y[i] = s[i ^ 31]; }
        kernel void simd_sum_is_no_barrier(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; float a = simd_sum(x[i]); y[i] = s[i ^ 31] + a; }
        kernel void simd_barrier_across(XY, IDS) { threadgroup float s[64]; s[i] = x[i]; simdgroup_barrier(mem_flags::mem_threadgroup); y[i] = s[i ^ 63]; }
        kernel void two_writers(XY, IDS) { y[i / 2] = x[i]; }
        kernel void two_groups(XY, IDS) { y[i] = x[g]; }
        kernel void device_exchange(XY, IDS) { y[i] = x[i]; threadgroup_barrier(mem_flags::mem_device); float v = y[i ^ 1]; threadgroup_barrier(mem_flags::mem_device); y[i] = v; }
        kernel void device_exchange_wrong_flag(XY, IDS) { y[i] = x[i]; threadgroup_barrier(mem_flags::mem_threadgroup); float v = y[i ^ 1]; threadgroup_barrier(mem_flags::mem_threadgroup); y[i] = v; }
        kernel void write_after_read(XY, IDS) { float v = y[0]; if (i == 5) y[0] = x[0]; else if (i > 0) y[i] = v; }
        kernel void byte_neighbours(XY, IDS) { device uchar * b = (device uchar *)y; b[i] = (uchar)x[i]; }
        kernel void count(XY, device atomic_uint * n [[buffer(2)]], IDS) { atomic_fetch_add_explicit(n, 1, memory_order_relaxed); y[g * 64 + i] = x[0]; }
        kernel void count_and_read(XY, device atomic_uint * n [[buffer(2)]], IDS) { atomic_fetch_add_explicit(n, 1, memory_order_relaxed); y[g * 64 + i] = ((device uint *)n)[0] + x[0]; }
        """;

    private const int Threads = 64;

    private static (int Status, IReadOnlyList<string> Findings) Run(string kernel, int groups = 1, bool plain = false)
    {
        using EmulatorSession session = Emulator.Begin(new EmulatorMode { Checked = !plain });
        int status;
        using (Gpu gpu = new())
        {
            nint pipeline = gpu.Pipeline(Kernels, kernel);
            (nint commands, nint encoder) = gpu.Encoder();
            Message.To(encoder, "setComputePipelineState:", pipeline);
            Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer([.. Enumerable.Range(0, Threads * groups).Select(i => (float)i)]), 0, 0);
            Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer(new float[Threads * groups]), 0, 1);
            Message.To(encoder, "setBuffer:offset:atIndex:", gpu.Buffer<uint>(0), 0, 2);
            Message.To(encoder, "setThreadgroupMemoryLength:atIndex:", 4 * Threads, 0);
            Message.To(encoder, "dispatchThreadgroups:threadsPerThreadgroup:", new Size((ulong)groups), new Size(Threads));
            status = Gpu.Finish(commands, encoder);
        }
        return (status, session.TakeFindings());
    }

    [Theory]
    [InlineData("past_the_end", "read of 4 bytes out of bounds, at byte 256 of buffer(0), which has 256 bytes, by thread 63")]
    [InlineData("before_the_start", "read of 4 bytes out of bounds, at byte -4 of buffer(0)")]
    [InlineData("write_past_the_end", "write of 4 bytes out of bounds, at byte 256 of buffer(1)")]
    [InlineData("write_to_const", "write to buffer(0), which the kernel declares const")]
    [InlineData("misaligned", "misaligned access")]
    [InlineData("array_bounds", "array index out of bounds")]
    [InlineData("group_bounds", "write of 4 bytes out of bounds, at byte 256 of threadgroup(0), which has 256 bytes")]
    [InlineData("divide", "integer division by zero")]
    [InlineData("no_barrier", "race with thread")]
    [InlineData("wrong_flag", "race with thread")]
    [InlineData("no_flag", "race with thread")]
    [InlineData("second_round", "race with thread")]
    [InlineData("simd_no_barrier", "write-read race with thread")]
    [InlineData("simd_sum_is_no_barrier", "read-write race with thread")]
    [InlineData("simd_barrier_across", "race with thread")]
    [InlineData("two_writers", "write-write race with thread 0 in buffer(1) at byte 0, noticed by thread 1")]
    [InlineData("device_exchange_wrong_flag", "race with thread")]
    [InlineData("write_after_read", "write-read race with thread")]
    public void A_wrong_access_is_found(string kernel, string finding)
    {
        (int status, IReadOnlyList<string> findings) = Run(kernel);
        Assert.Equal(Gpu.Failed, status);
        string found = Assert.Single(findings);
        Assert.StartsWith($"kernel {kernel}, threadgroup (0, 0, 0), line ", found, StringComparison.Ordinal);
        Assert.Contains(finding, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two_groups", "write-write race with thread 0 of another threadgroup")]
    [InlineData("count_and_read", "race with thread")]
    public void A_wrong_access_of_two_threadgroups_is_found(string kernel, string finding)
    {
        (int status, IReadOnlyList<string> findings) = Run(kernel, groups: 2);
        Assert.Equal(Gpu.Failed, status);
        Assert.Contains(finding, Assert.Single(findings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("copy")]
    [InlineData("count")]
    public void Right_accesses_of_several_threadgroups_are_not(string kernel) => Assert.Equal((Gpu.Completed, 0), Counted(Run(kernel, groups: 3)));

    [Theory]
    [InlineData("neighbour")]
    [InlineData("both_flags")]
    [InlineData("simd_neighbour")]
    [InlineData("device_exchange")]
    [InlineData("byte_neighbours")]
    public void Right_accesses_are_not(string kernel) => Assert.Equal((Gpu.Completed, 0), Counted(Run(kernel)));

    [Fact]
    public void The_line_is_the_kernels_own()
    {
        (_, IReadOnlyList<string> findings) = Run("past_the_end");
        // Two lines come before: the include and the namespace.
        int line = Kernels.Split('\n').ToList().FindIndex(l => l.Contains("void past_the_end", StringComparison.Ordinal)) + 3;
        Assert.Contains($"line {line}:", Assert.Single(findings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("past_the_end", "access to unmapped memory")]
    [InlineData("divide", "integer division by zero")]
    public void What_the_processor_traps_is_found_in_plain_mode_too(string kernel, string finding)
    {
        (int status, IReadOnlyList<string> findings) = Run(kernel, plain: true);
        Assert.Equal(Gpu.Failed, status);
        Assert.Contains(finding, Assert.Single(findings), StringComparison.Ordinal);
    }

    private static (int, int) Counted((int Status, IReadOnlyList<string> Findings) run) => (run.Status, run.Findings.Count);
}
