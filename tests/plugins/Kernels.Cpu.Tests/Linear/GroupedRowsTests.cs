using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Described groups that are multiplied where they stand, against the same ones unpacked to bytes, bit for bit, on every instruction set; the weights end at memory that cannot be read.</summary>
public unsafe class GroupedRowsTests
{
    private const int Rows = 7;

    public static MatrixTheoryData<string, string> Cases => new([.. DescribedType.Layouts.Keys], [.. Isas.All.Keys]);

    [Theory, MemberData(nameof(Cases))]
    public void Products_are_those_of_unpacked_bytes(string name, string isa)
    {
        CpuIsa set = Isas.All[isa];
        GroupLayout layout = DescribedType.Layouts[name];
        if (GroupedRows.Of(layout, set) is not { } groups)
        {
            Assert.False(set.Avx2);
            return;
        }
        groups.Compile();
        // Eights and what is left of them; a row whose eights reach beyond its end.
        foreach (int columns in new[] { 32, 224, 256, 288, 512, 736, 1024 })
            foreach (bool edges in new[] { false, true })
                Check(layout, groups, set, columns, edges);
    }

    private static void Check(GroupLayout layout, GroupedRows groups, CpuIsa isa, int columns, bool edges)
    {
        int count = columns / 32;
        using GuardedMemory weights = new(Rows * count * layout.Bytes);
        Fill(weights.Data, layout, count, edges);
        using NativeBuffer activation = new(Int8Activation.Bytes(columns)), turned = new(groups.TurnedBytes(columns)), values = new(Rows * columns), scales = new(Rows * count * sizeof(float)), minimums = new(Rows * count * sizeof(float));
        float[] expected = new float[Rows], found = new float[Rows];
        layout.Unpack(weights.Data, Rows * count, values.Bytes, scales.Floats, minimums.Floats);
        foreach (bool largest in new[] { false, true })
        {
            // The largest that there is, all of one sign: no sum may leave its 16 bits.
            Random random = new(columns);
            float[] x = [.. Enumerable.Range(0, columns).Select(_ => largest ? 1 : random.NextSingle() - 0.5f)];
            fixed (float* source = x)
                Int8Activation.Prepare(source, columns, activation.Bytes, isa);
            groups.Turn(activation.Bytes, columns, turned.Bytes);
            fixed (float* e = expected, f = found)
            {
                AffineDot.Rows32(values.Bytes, scales.Floats, minimums.Floats, Rows, columns, true, isa.Avx512, activation.Bytes, e, values.Bytes, 0);
                // The last rows alone, and all of them.
                foreach (int first in new[] { Rows - 2, 0 })
                {
                    new Span<float>(f, Rows).Fill(1e30f);
                    groups.Multiply(weights.Data + first * count * layout.Bytes, weights.Data + Rows * count * layout.Bytes, Rows - first, columns, activation.Bytes, turned.Bytes, f + first);
                    for (int row = 0; row < Rows; row++)
                        Assert.True(row < first ? f[row] == 1e30f : IsSame(e[row], f[row]), $"{columns} columns, row {row} from {first}: expected {e[row]}, found {f[row]}");
                }
            }
        }
        Assert.Equal(edges, expected.Any(float.IsNaN));
        Assert.True(expected.Count(e => float.IsFinite(e) && e != 0) >= Rows - 4);
    }

    /// <summary>What a NaN carries may differ.</summary>
    private static bool IsSame(float a, float b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    // All elements of the first row are the largest. At the edges, three rows have a scale that is none, subnormal or zero.
    private static void Fill(byte* weights, GroupLayout layout, int groups, bool edges)
    {
        Span<byte> all = new(weights, Rows * groups * layout.Bytes);
        Random random = new(groups);
        random.NextBytes(all);
        all[..(groups * layout.Bytes)].Fill(0xFF);
        Half[] strange = [Half.NaN, Half.NegativeInfinity, Half.Epsilon, Half.NegativeZero];
        for (int group = 0; group < Rows * groups; group++)
        {
            int row = group / groups;
            Half scale = edges && row is > 0 and <= 4 && (group % groups == groups - 1 || row > 2) ? strange[row - 1] : (Half)(random.NextSingle() - 0.3f);
            BitConverter.TryWriteBytes(all[(group * layout.Bytes + layout.ScaleAt)..], scale);
        }
    }

    public static TheoryData<GroupLayout> Apart => new(
        new GroupLayout { Bits = 3, Bytes = 65, LowAt = 0, HighAt = 8, ScaleAt = 12 },
        new GroupLayout { Bits = 3, Bytes = 40, LowAt = 0, HighAt = 8, ScaleAt = 15 },
        new GroupLayout { Bits = 5, Bytes = 22, LowAt = 2, HighAt = 18, ScaleAt = 0 });

    /// <summary>These are unpacked to bytes.</summary>
    [Theory, MemberData(nameof(Apart))]
    public void Groups_that_are_long_or_have_their_parts_far_apart_are_not_taken(GroupLayout layout)
    {
        Assert.True(layout.IsValid);
        Assert.Null(GroupedRows.Of(layout, CpuIsa.Detect()));
    }
}
