namespace Tessera.MetalEmulator.Tests;

/// <summary>The functions of Metal that kernels call give what Metal's specification says.</summary>
public sealed class ShimTests
{
    private const string Kernels = """
        #define IDS uint i [[thread_index_in_threadgroup]], uint lane [[thread_index_in_simdgroup]]
        kernel void simd(device float * y [[buffer(0)]], IDS) {
            const float v = (float)i;
            device float * r = y + i * 20;
            r[0] = simd_sum(v); r[1] = simd_max(v); r[2] = simd_min(v); r[3] = simd_shuffle(v, 5); r[4] = simd_shuffle_xor(v, 3);
            r[5] = simd_shuffle_up(v, 2); r[6] = simd_shuffle_down(v, 2); r[7] = simd_broadcast(v, 7); r[8] = simd_broadcast_first(v); r[9] = simd_prefix_exclusive_sum(v);
            r[10] = simd_prefix_inclusive_sum(v); r[11] = quad_sum(v); r[12] = quad_shuffle_xor(v, 1); r[13] = simd_any(lane == 3); r[14] = simd_all(lane < 31);
            r[15] = simd_sum(float4(v, 1, 2, 3)).y; r[16] = (float)simd_sum((half)lane); r[17] = simd_shuffle_rotate_down(v, 1); r[18] = (float)simd_and(lane | 64); r[19] = quad_max(v); }

        kernel void scalar(device float * y [[buffer(0)]], device const uint * bits [[buffer(1)]]) {
            y[0] = exp(1.0f); y[1] = exp2(3.0f); y[2] = log(2.0f); y[3] = rsqrt(4.0f); y[4] = tanh(0.5f); y[5] = fma(2.0f, 3.0f, 4.0f); y[6] = pow(2.0f, 0.5f);
            y[7] = (float)half(1.0009765625f); y[8] = as_type<float>(bits[0] << 16); y[9] = (float)as_type<half2>(bits[1]).y; y[10] = clamp(5.0f, 0.0f, 1.0f);
            y[11] = dot(float4(1, 2, 3, 4), float4(1, 1, 1, 2)); y[12] = max(NAN, 2.0f); y[13] = (float)popcount(0xF0u); y[14] = float4(uchar4(1, 2, 3, 4)).z;
            y[15] = select(1.0f, 2.0f, true); y[16] = float2(3, 4).yx.x; y[17] = (float)extract_bits(0xABCDu, 4, 8); y[18] = precise::exp(0.0f); y[19] = -INFINITY;
            y[20] = (float)(short)(char)bits[2]; y[21] = round(2.5f); y[22] = rint(2.5f); y[23] = sign(-3.0f); y[24] = saturate(1.5f); y[25] = fract(1.25f); y[26] = (float)clz(1u); }

        kernel void matrix(device const float * a [[buffer(0)]], device const float * b [[buffer(1)]], device float * c [[buffer(2)]], device float * t [[buffer(3)]]) {
            simdgroup_float8x8 ma, mb, mc;
            simdgroup_load(ma, a, 9);
            simdgroup_load(mb, b, 8);
            simdgroup_load(mc, c, 8);
            simdgroup_multiply_accumulate(mc, ma, mb, mc);
            simdgroup_store(mc, c, 8);
            simdgroup_load(ma, a, 9, ulong2(0), true);
            simdgroup_float8x8 twice = simdgroup_float8x8(2.0f);
            simdgroup_multiply(mb, twice, ma);
            simdgroup_store(mb, t, 16, ulong2(8, 0)); }

        kernel void half_matrix(device const half * a [[buffer(0)]], device float * c [[buffer(1)]]) {
            simdgroup_half8x8 ma;
            simdgroup_float8x8 mc = make_filled_simdgroup_matrix<float, 8, 8>(1.0f);
            simdgroup_load(ma, a);
            simdgroup_multiply_accumulate(mc, ma, ma, mc);
            simdgroup_store(mc, c); }

        kernel void ids(device uint * y [[buffer(0)]], uint2 at [[thread_position_in_grid]], uint2 in [[thread_position_in_threadgroup]], uint2 size [[threads_per_threadgroup]],
                        uint2 groups [[threadgroups_per_grid]], uint2 grid [[threads_per_grid]], ushort sg [[simdgroup_index_in_threadgroup]]) {
            device uint * r = y + (at.y * grid.x + at.x) * 8;
            r[0] = in.x; r[1] = in.y; r[2] = size.x; r[3] = size.y; r[4] = groups.x; r[5] = groups.y; r[6] = grid.y; r[7] = sg; }
        """;

    [Fact]
    public void Functions_of_a_simdgroup()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        nint y = gpu.Buffer(4 * 20 * 64);
        Assert.Equal(Gpu.Completed, gpu.Run(gpu.Pipeline(Kernels, "simd"), new Size(1), new Size(64), y));
        float[] all = Gpu.Read<float>(y);
        for (int i = 0; i < 64; i++)
        {
            int lane = i % 32, first = i - lane, quad = i & ~3;
            int[] v = [.. Enumerable.Range(first, 32)];
            float[] expected =
            [
                v.Sum(), first + 31, first, first + 5, i ^ 3, lane < 2 ? i : i - 2, lane > 29 ? i : i + 2, first + 7, first, v[..lane].Sum(),
                v[..(lane + 1)].Sum(), (4 * quad) + 6, i ^ 1, 1, 0, 32, 496, first + ((lane + 1) % 32), 64, quad + 3,
            ];
            Assert.Equal(expected, all[(20 * i)..(20 * (i + 1))]);
        }
    }

    [Fact]
    public void Functions_of_a_thread()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        nint y = gpu.Buffer(4 * 27);
        uint halves = (uint)BitConverter.HalfToUInt16Bits((Half)0.5f) << 16;
        Assert.Equal(Gpu.Completed, gpu.Run(gpu.Pipeline(Kernels, "scalar"), new Size(1), new Size(1), y, gpu.Buffer<uint>(0x3FC0, halves, 0x80)));
        float[] expected =
        [
            MathF.E, 8, MathF.Log(2), 0.5f, MathF.Tanh(0.5f), 10, MathF.Sqrt(2), (float)(Half)1.0009765625f, 1.5f, 0.5f, 1, 14, 2, 4, 3, 2, 4, 0xBC, 1, float.NegativeInfinity,
            -128, 3, 2, -1, 1, 0.25f, 31,
        ];
        Assert.All(Gpu.Read<float>(y).Zip(expected), p => Assert.True(p.First == p.Second || MathF.Abs(p.First - p.Second) <= 1e-6f * MathF.Abs(p.Second), $"{p.First} is not {p.Second}"));
    }

    [Fact]
    public void Matrices_of_a_simdgroup()
    {
        using EmulatorSession session = Emulator.Begin(EmulatorMode.CheckedAccess);
        using Gpu gpu = new();
        float[] a = [.. Enumerable.Range(0, 71).Select(i => (float)((i * 7 % 11) - 5))], b = [.. Enumerable.Range(0, 64).Select(i => (float)((i * 5 % 13) - 6))];
        float[] c = [.. Enumerable.Range(0, 64).Select(i => (float)i)];
        nint result = gpu.Buffer(c), transposed = gpu.Buffer(new float[128]);
        Assert.Equal(Gpu.Completed, gpu.Run(gpu.Pipeline(Kernels, "matrix"), new Size(1), new Size(32), gpu.Buffer(a), gpu.Buffer(b), result, transposed));
        float[] product = Gpu.Read<float>(result), twice = Gpu.Read<float>(transposed);
        for (int r = 0; r < 8; r++)
            for (int k = 0; k < 8; k++)
            {
                Assert.Equal(c[(8 * r) + k] + Enumerable.Range(0, 8).Sum(m => a[(9 * r) + m] * b[(8 * m) + k]), product[(8 * r) + k]);
                Assert.Equal(2 * a[(9 * k) + r], twice[(16 * r) + 8 + k]);
                Assert.Equal(0, twice[(16 * r) + k]);
            }
    }

    [Fact]
    public void Matrices_of_halves()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        Half[] a = [.. Enumerable.Range(0, 64).Select(i => (Half)((i * 3 % 7) - 3))];
        nint result = gpu.Buffer(4 * 64);
        Assert.Equal(Gpu.Completed, gpu.Run(gpu.Pipeline(Kernels, "half_matrix"), new Size(1), new Size(32), gpu.Buffer(a), result));
        Assert.Equal([.. Enumerable.Range(0, 64).Select(i => 1 + Enumerable.Range(0, 8).Sum(m => (float)a[(i / 8 * 8) + m] * (float)a[(8 * m) + (i % 8)]))], Gpu.Read<float>(result));
    }

    [Fact]
    public void Ids_of_a_grid_that_is_no_multiple_of_the_threadgroup()
    {
        using EmulatorSession session = Emulator.Begin();
        using Gpu gpu = new();
        const int Width = 10, Height = 9;
        nint y = gpu.Buffer(new uint[8 * Width * Height]), pipeline = gpu.Pipeline(Kernels, "ids");
        (nint commands, nint encoder) = gpu.Encoder();
        Message.To(encoder, "setComputePipelineState:", pipeline);
        Message.To(encoder, "setBuffer:offset:atIndex:", y, 0, 0);
        Message.To(encoder, "dispatchThreads:threadsPerThreadgroup:", new Size(Width, Height), new Size(8, 6));
        Assert.Equal(Gpu.Completed, Gpu.Finish(commands, encoder));
        uint[] all = Gpu.Read<uint>(y);
        for (int i = 0; i < Width * Height; i++)
        {
            int x = i % Width, row = i / Width, width = x < 8 ? 8 : 2, height = row < 6 ? 6 : 3;
            uint simdgroup = (uint)(((row % 6 * width) + (x % 8)) / 32);
            Assert.Equal([(uint)(x % 8), (uint)(row % 6), (uint)width, (uint)height, 2u, 2u, Height, simdgroup], all[(8 * i)..(8 * (i + 1))]);
        }
    }
}
