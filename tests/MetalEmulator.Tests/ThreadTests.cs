namespace Tessera.MetalEmulator.Tests;

/// <summary>How threads run, meet and fail to meet.</summary>
public sealed class ThreadTests
{
    private const string Kernels = """
        #define IDS uint i [[thread_index_in_threadgroup]], uint g [[threadgroup_position_in_grid]]
        #define Y device uint * y [[buffer(0)]], device atomic_uint * n [[buffer(1)]]
        kernel void turn(Y, IDS) { y[g * 64 + i] = atomic_fetch_add_explicit(n, 1, memory_order_relaxed); }
        kernel void turn_after_meeting(Y, IDS) { simd_sum(i); y[g * 64 + i] = atomic_fetch_add_explicit(n, 1, memory_order_relaxed); }
        kernel void ahead(Y, IDS) { threadgroup uint s[64]; s[i] = i; simd_sum(i); simd_sum(i); y[g * 64 + i] = s[i ^ 32]; }
        kernel void half_at_barrier(Y, IDS) { if (i < 32) threadgroup_barrier(mem_flags::mem_none); y[i] = 0; }
        kernel void returned_before_barrier(Y, IDS) { if (i == 63) return; threadgroup_barrier(mem_flags::mem_none); y[i] = 0; }
        kernel void two_barriers(Y, IDS) {
            if (i < 32) threadgroup_barrier(mem_flags::mem_none);
            else threadgroup_barrier(mem_flags::mem_none);
            y[i] = 0; }
        kernel void diverged(Y, IDS) {
            if (i & 1) y[i] = simd_sum(i);
            else y[i] = simd_max(i); }
        kernel void simd_against_barrier(Y, IDS) { if (i & 1) y[i] = simd_sum(i); else threadgroup_barrier(mem_flags::mem_none); }
        kernel void returned_lanes(Y, IDS) { if ((i & 31) > 3) return; y[i] = simd_sum(i); }
        kernel void no_such_lane(Y, IDS) { if ((i & 31) > 3) return; y[i] = simd_shuffle(i, 4); }
        kernel void other_delta(Y, IDS) { y[i] = simd_shuffle_down(i, i & 1); }
        kernel void matrix_with_few_lanes(Y, IDS) {
            if (i & 1) return;
            simdgroup_float8x8 a = make_filled_simdgroup_matrix<float, 8, 8>(1.0f), c = a;
            simdgroup_multiply_accumulate(c, a, a, c);
            y[i] = 0; }
        kernel void deep(Y, IDS) { uint a[40000]; for (uint k = 0; k < 40000; ++k) a[k] = y[k & 63] + k; for (uint k = 1; k < 40000; ++k) a[k] += a[a[k - 1] % 40000]; y[i] = a[39999]; }
        kernel void endless(Y, IDS) { uint k = i; while (n[0].value != 77) k = k * 3 + ((volatile device uint *)y)[k & 63]; y[i] = k; }
        """;

    private static (uint[] Y, IReadOnlyList<string> Findings) Run(string kernel, EmulatorMode mode, int groups = 1)
    {
        using EmulatorSession session = Emulator.Begin(mode);
        uint[] y;
        using (Gpu gpu = new())
        {
            nint result = gpu.Buffer(new uint[64 * groups]);
            gpu.Run(gpu.Pipeline(Kernels.Replace("n[0].value", "((volatile device uint *)n)[0]", StringComparison.Ordinal), kernel), new Size((ulong)groups), new Size(64), result, gpu.Buffer<uint>(0));
            y = Gpu.Read<uint>(result);
        }
        return (y, session.TakeFindings());
    }

    [Fact]
    public void Forward_goes_up()
    {
        Assert.Equal([.. Enumerable.Range(0, 128).Select(i => (uint)i)], Run("turn", EmulatorMode.Plain, 2).Y);
        Assert.Equal([.. Enumerable.Range(0, 128).Select(i => (uint)i)], Run("turn_after_meeting", EmulatorMode.Plain, 2).Y);
    }

    [Fact]
    public void Reverse_goes_down() =>
        Assert.Equal([.. Enumerable.Range(0, 128).Select(i => (uint)(127 - i))], Run("turn", new EmulatorMode { Order = ThreadOrder.Reverse }, 2).Y);

    [Fact]
    public void Random_is_by_its_seed()
    {
        uint[] one = Run("turn", new EmulatorMode { Order = ThreadOrder.Random, Seed = 1 }).Y;
        Assert.Equal(one, Run("turn", new EmulatorMode { Order = ThreadOrder.Random, Seed = 1 }).Y);
        Assert.NotEqual(one, Run("turn", new EmulatorMode { Order = ThreadOrder.Random, Seed = 2 }).Y);
        Assert.Equal([.. Enumerable.Range(0, 64).Select(i => (uint)i)], one.Order());
    }

    // Threadgroup memory that nobody has written yet is all ones.
    [Fact]
    public void Greedy_lets_one_simdgroup_run_ahead()
    {
        Assert.DoesNotContain(uint.MaxValue, Run("ahead", EmulatorMode.Plain).Y);
        uint[] greedy = Run("ahead", new EmulatorMode { Order = ThreadOrder.Greedy }).Y;
        Assert.All(greedy[32..], v => Assert.Equal(uint.MaxValue, v));
        Assert.DoesNotContain(uint.MaxValue, greedy[..32]);
    }

    [Theory]
    [InlineData("half_at_barrier", "a barrier is not reached by all threads")]
    [InlineData("returned_before_barrier", "thread 63 has returned")]
    [InlineData("two_barriers", "threads wait at different barriers")]
    [InlineData("diverged", "the simdgroup diverges")]
    [InlineData("simd_against_barrier", "the simdgroup diverges")]
    [InlineData("no_such_lane", "a shuffle reads a lane that does not take part")]
    [InlineData("other_delta", "a shuffle's delta differs between lanes")]
    [InlineData("matrix_with_few_lanes", "needs all 32 lanes")]
    public void Threads_that_do_not_meet_are_found(string kernel, string finding)
    {
        foreach (ThreadOrder order in EmulatorMode.Orders)
            Assert.Contains(finding, Assert.Single(Run(kernel, new EmulatorMode { Order = order }).Findings), StringComparison.Ordinal);
    }

    [Fact]
    public void Lanes_that_have_returned_take_no_part()
    {
        (uint[] y, IReadOnlyList<string> findings) = Run("returned_lanes", EmulatorMode.Plain);
        Assert.Empty(findings);
        Assert.Equal([6u, 6u, 6u, 6u, 0u], y[..5]);
        Assert.Equal(134u, y[32]);
    }

    [Fact]
    public void A_kernel_whose_variables_are_too_many_is_left() => Assert.Contains("stack overflow", Assert.Single(Run("deep", EmulatorMode.Plain).Findings), StringComparison.Ordinal);

    [Fact]
    public void A_kernel_that_does_not_end_is_left() =>
        Assert.Contains("no end after", Assert.Single(Run("endless", new EmulatorMode { SecondsPerDispatch = 0.05 }).Findings), StringComparison.Ordinal);
}
