using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

public unsafe class Int8SuperActivationTests
{
    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Every_section_holds_what_the_layout_says(string isa)
    {
        foreach (int columns in new[] { 256, 768, 2048 })
        {
            float[] x = Row(columns);
            using NativeBuffer buffer = new(Int8SuperActivation.Bytes(columns));
            Prepare(x, buffer, Isas.All[isa]);
            sbyte* q = (sbyte*)buffer.Bytes;
            short* sums16 = (short*)(buffer.Bytes + Int8SuperActivation.Sum16Offset(columns)), sums32 = (short*)(buffer.Bytes + Int8SuperActivation.Sum32Offset(columns));
            float* scales = (float*)(buffer.Bytes + Int8SuperActivation.ScaleOffset(columns));
            for (int i = 0; i < columns; i++)
            {
                float scale = scales[i / 256];
                Assert.InRange(q[i], -127, 127);
                Assert.True(Math.Abs(x[i] - (double)q[i] * scale) <= 0.5000001 * scale, $"column {i}: {x[i]} as {q[i]} · {scale}");
            }
            for (int block = 0; block < columns / 256; block++)
                Assert.Equal(x.Skip(256 * block).Take(256).Max(MathF.Abs) / 127, scales[block]);
            for (int group = 0; group < columns / 16; group++)
                Assert.Equal(Sum(q + 16 * group, 16), sums16[group]);
            for (int group = 0; group < columns / 32; group++)
                Assert.Equal(Sum(q + 32 * group, 32), sums32[group]);
        }
    }

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Every_instruction_set_gives_the_same_bytes(string isa)
    {
        foreach (int columns in new[] { 256, 768, 2048 })
        {
            float[] x = Row(columns);
            x[5] = float.NaN;
            x[300 % columns] = 0.5f;
            int length = Int8SuperActivation.Bytes(columns);
            using NativeBuffer scalar = new(length), vector = new(length);
            Prepare(x, scalar, CpuIsa.Scalar);
            Prepare(x, vector, Isas.All[isa]);
            Assert.True(new Span<byte>(scalar.Bytes, length).SequenceEqual(new Span<byte>(vector.Bytes, length)), $"{columns} columns");
        }
    }

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Zeros_and_the_smallest_floats_become_zero(string isa)
    {
        foreach (float value in new[] { 0, -0f, float.Epsilon, 1e-38f })
        {
            float[] x = new float[256];
            x.AsSpan().Fill(value);
            using NativeBuffer buffer = new(Int8SuperActivation.Bytes(256));
            Prepare(x, buffer, Isas.All[isa]);
            Assert.All(new Span<byte>(buffer.Bytes, Int8SuperActivation.Bytes(256)).ToArray(), b => Assert.Equal(0, b));
        }
    }

    private static int Sum(sbyte* q, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
            sum += q[i];
        return sum;
    }

    private static void Prepare(float[] x, NativeBuffer buffer, CpuIsa isa)
    {
        fixed (float* source = x)
            Int8SuperActivation.Prepare(source, x.Length, buffer.Bytes, isa);
    }

    private static float[] Row(int columns)
    {
        Random random = new(columns);
        return [.. Enumerable.Range(0, columns).Select(i => (random.NextSingle() - 0.5f) * MathF.Pow(10, i / 256 % 5 - 2))];
    }
}
