using Tessera.Abstractions.Quantization;
using Tessera.Conformance.Fakes;
using Tessera.Kernels.Cpu.Linear;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>What follows from the description of a group.</summary>
public unsafe class GroupLayoutTests
{
    public static TheoryData<string> Layouts => [.. DescribedType.Layouts.Keys];

    [Theory, MemberData(nameof(Layouts))]
    public void Unpacking_is_the_definition(string name)
    {
        const int Rows = 5, Columns = 320, First = 2;
        DescribedType type = new(DescribedType.Layouts[name]);
        byte[] bytes = new byte[Rows * Columns / 32 * type.Layout.Bytes];
        new Random(1).NextBytes(bytes);
        for (int group = 0; group < Rows * Columns / 32; group++)
            BitConverter.TryWriteBytes(bytes.AsSpan(group * type.Layout.Bytes + type.Layout.ScaleAt), (Half)(0.01f * (group - 7)));
        using MemoryFile file = new("described", bytes);
        WeightTensor weight = file.Tensor("described", type.Id, Rows, Columns);
        float[] expected = new float[(Rows - First) * Columns], scales = new float[expected.Length / 32], minimums = new float[scales.Length];
        byte[] values = new byte[expected.Length];
        AffineSource unpack = new(weight, type);
        Assert.Equal((32, (1 << type.Layout.Bits) - 1), (unpack.GroupSize, unpack.MaxValue));
        type.Dequantize(weight, First, Rows - First, expected);
        fixed (byte* v = values)
        fixed (float* s = scales, m = minimums)
            unpack.Unpack(First, Rows - First, v, s, m);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], scales[i / 32] * values[i] - minimums[i / 32], 1e-6);
    }

    public static TheoryData<GroupLayout> Wrong => new(
        default,
        new GroupLayout { Bits = 1, Bytes = 14, LowAt = 2, ScaleAt = 0 },
        new GroupLayout { Bits = 6, Bytes = 40, LowAt = 2, ScaleAt = 0 },
        new GroupLayout { Bits = 2, Bytes = 9, LowAt = 2, ScaleAt = 0 },
        new GroupLayout { Bits = 2, Bytes = 10, LowAt = -1, ScaleAt = 8 },
        new GroupLayout { Bits = 2, Bytes = 10, LowAt = 0, ScaleAt = 9 },
        new GroupLayout { Bits = 3, Bytes = 14, LowAt = 2, ScaleAt = 0, HighAt = 11 },
        new GroupLayout { Bits = 4, Bytes = 17, LowAt = 2, ScaleAt = 0 },
        new GroupLayout { Bits = 4, Bytes = 18, LowAt = 2, ScaleAt = 0, Zero = float.NaN },
        new GroupLayout { Bits = 4, Bytes = int.MaxValue, LowAt = int.MaxValue - 8, ScaleAt = 0 });

    [Theory, MemberData(nameof(Wrong))]
    public void One_that_leaves_its_group_is_refused(GroupLayout layout)
    {
        Assert.False(layout.IsValid);
        Assert.Throws<InvalidOperationException>(() => layout.Unpack(null, 1, null, null, null));
    }
}
