using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

public unsafe class Int8ActivationTests
{
    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Every_section_holds_what_the_layout_says(string isa)
    {
        foreach (int columns in new[] { 32, 64, 96, 576, 2048 })
        {
            float[] x = Row(columns);
            int length = Int8Activation.Bytes(columns);
            using NativeBuffer buffer = new(length);
            Prepare(x, buffer, Isas.All[isa]);
            sbyte* q = (sbyte*)buffer.Bytes;
            int* negatedSums = (int*)(buffer.Bytes + Int8Activation.NegatedSum4Offset(columns));
            float* scales = (float*)(buffer.Bytes + Int8Activation.ScaleOffset(columns));
            float* sums = (float*)(buffer.Bytes + Int8Activation.SumOffset(columns));
            int* negatedGroups = (int*)(buffer.Bytes + Int8Activation.NegatedSumOffset(columns));
            for (int group = 0; group < columns / 32; group++)
            {
                float maximum = x.Skip(32 * group).Take(32).Max(MathF.Abs);
                Assert.Equal(maximum / 127, scales[group]);
                int sum = 0;
                for (int i = 32 * group; i < 32 * (group + 1); i++)
                {
                    Assert.InRange(q[i], -127, 127);
                    Assert.True(Math.Abs(x[i] - (double)q[i] * scales[group]) <= 0.5000001 * scales[group], $"column {i}: {x[i]} as {q[i]} · {scales[group]}");
                    sum += q[i];
                    if (i % 4 == 3)
                        Assert.Equal(-(q[i - 3] + q[i - 2] + q[i - 1] + q[i]), negatedSums[i / 4]);
                }
                Assert.Equal(scales[group] * sum, sums[group]);
                Assert.Equal(-sum, negatedGroups[group]);
            }
        }
    }

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Every_instruction_set_gives_the_same_bytes(string isa)
    {
        foreach (int columns in new[] { 32, 96, 576, 2048 })
        {
            float[] x = Row(columns);
            x[5] = float.NaN;
            int length = Int8Activation.Bytes(columns);
            using NativeBuffer scalar = new(length), vector = new(length);
            Prepare(x, scalar, CpuIsa.Scalar);
            Prepare(x, vector, Isas.All[isa]);
            Assert.True(new Span<byte>(scalar.Bytes, length).SequenceEqual(new Span<byte>(vector.Bytes, length)), $"{columns} columns");
        }
    }

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Halves_round_to_even(string isa)
    {
        // The maximum 127 makes the scale 1.
        float[] x = [127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, .. new float[25]];
        using NativeBuffer buffer = new(Int8Activation.Bytes(32));
        Prepare(x, buffer, Isas.All[isa]);
        Assert.Equal(new sbyte[] { 127, 0, 2, 2, 0, -2, -2, 0 }, new Span<sbyte>(buffer.Bytes, 8).ToArray());
    }

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Zeros_and_the_smallest_floats_become_zero(string isa)
    {
        foreach (float value in new[] { 0, -0f, float.Epsilon, 1e-38f })
        {
            float[] x = new float[32];
            x.AsSpan().Fill(value);
            using NativeBuffer buffer = new(Int8Activation.Bytes(32));
            Prepare(x, buffer, Isas.All[isa]);
            Assert.All(new Span<byte>(buffer.Bytes, Int8Activation.Bytes(32)).ToArray(), b => Assert.Equal(0, b));
        }
    }

    private static void Prepare(float[] x, NativeBuffer buffer, CpuIsa isa)
    {
        fixed (float* source = x)
            Int8Activation.Prepare(source, x.Length, buffer.Bytes, isa);
    }

    private static float[] Row(int columns)
    {
        Random random = new(columns);
        float[] x = new float[columns];
        for (int i = 0; i < columns; i++)
            x[i] = (random.NextSingle() - 0.5f) * MathF.Pow(10, i / 32 % 7 - 3);
        return x;
    }
}
