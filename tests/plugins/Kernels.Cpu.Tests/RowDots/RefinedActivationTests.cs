using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

public unsafe class RefinedActivationTests
{
    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Groups_with_the_largest_scales_have_a_second_byte(string isa)
    {
        foreach (bool super in (bool[])[false, true])
        {
            int width = super ? 256 : 32, columns = 9 * width;
            float[] x = Row(columns);
            x[(7 * width) + 3] = 90;
            x[(2 * width) + 1] = -80;
            using NativeBuffer row = Prepare(x, super, 2, Isas.All[isa]);
            byte* section = row.Bytes + RefinedActivation.Offset(super, columns);
            Assert.Equal([2, 7], new Span<int>(section, 2).ToArray());
            float* scales = Scales(row.Bytes, super, columns);
            for (int i = 0; i < 2; i++)
            {
                int group = ((int*)section)[i];
                byte* rest = section + RefinedActivation.RowsOffset + i * RefinedActivation.RowBytes(super);
                float step = *Scales(rest, super, width);
                Assert.InRange(step, 1e-9f, scales[group] / 250);
                for (int k = 0; k < width; k++)
                {
                    double both = (double)((sbyte*)row.Bytes)[group * width + k] * scales[group] + (double)((sbyte*)rest)[k] * step;
                    Assert.True(Math.Abs(both - x[group * width + k]) <= 0.51 * step, $"column {k} of group {group}: {x[group * width + k]} as {both}");
                }
            }
        }
    }

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Every_instruction_set_gives_the_same_bytes(string isa)
    {
        foreach (bool super in (bool[])[false, true])
            foreach (int groups in (int[])[1, 2, 3])
            {
                int columns = 3 * (super ? 256 : 32);
                float[] x = Row(columns);
                x[columns - 1] = float.NaN;
                using NativeBuffer scalar = Prepare(x, super, groups, CpuIsa.Scalar), vector = Prepare(x, super, groups, Isas.All[isa]);
                int offset = RefinedActivation.Offset(super, columns), length = RefinedActivation.Bytes(super, groups);
                Assert.True(new Span<byte>(scalar.Bytes + offset, length).SequenceEqual(new Span<byte>(vector.Bytes + offset, length)), $"{groups} of {columns} columns");
            }
    }

    [Fact]
    public void The_first_of_equal_groups_are_chosen_and_what_is_no_number_has_no_rest()
    {
        float[] x = new float[128];
        x.AsSpan().Fill(1);
        using NativeBuffer equal = Prepare(x, false, 3, CpuIsa.Scalar);
        Assert.Equal([0, 1, 2, 0], new Span<int>(equal.Bytes + RefinedActivation.Offset(false, 128), 4).ToArray());
        x[70] = float.PositiveInfinity;
        using NativeBuffer infinite = Prepare(x, false, 1, CpuIsa.Scalar);
        byte* section = infinite.Bytes + RefinedActivation.Offset(false, 128);
        Assert.Equal(2, *(int*)section);
        Assert.Equal(0, *Scales(section + RefinedActivation.RowsOffset, false, 32));
    }

    private static float* Scales(byte* row, bool super, int columns) => (float*)(row + (super ? Int8SuperActivation.ScaleOffset(columns) : Int8Activation.ScaleOffset(columns)));

    private static NativeBuffer Prepare(float[] x, bool super, int groups, CpuIsa isa)
    {
        NativeBuffer row = new(RefinedActivation.Offset(super, x.Length) + RefinedActivation.Bytes(super, groups));
        fixed (float* source = x)
        {
            if (super)
                Int8SuperActivation.Prepare(source, x.Length, row.Bytes, isa);
            else
                Int8Activation.Prepare(source, x.Length, row.Bytes, isa);
            RefinedActivation.Prepare(source, x.Length, row.Bytes, super, groups, isa);
        }
        return row;
    }

    private static float[] Row(int columns)
    {
        Random random = new(columns);
        return [.. Enumerable.Range(0, columns).Select(_ => random.NextSingle() - 0.5f)];
    }
}
