using Quant.Sample;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Types that only unpack: groups of a known layout are found and multiplied where they stand, all others stay unpacked; no product changes by it.</summary>
public unsafe class FoundGroupsTests
{
    private static readonly GroupLayout Three = DescribedType.Layouts["3"];

    public static MatrixTheoryData<string, string> Cases => new([.. DescribedType.Layouts.Keys], [.. Isas.All.Keys]);

    [Theory, MemberData(nameof(Cases))]
    public void Groups_are_found_and_have_the_products_of_unpacked_bytes(string name, string isa) => Check(new(DescribedType.Layouts[name]), DescribedType.Layouts[name], Isas.All[isa]);

    /// <summary>A type of another assembly's, with vectors of its own.</summary>
    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void The_sample_without_a_description_runs_as_the_one_with_it(string isa)
    {
        Sample3Unpack undescribed = new();
        using GroupedMatrix one = new(Three.Bytes, type: "sample3"), other = new(Three.Bytes, type: undescribed.Id);
        LinearKernel expected = one.Choose(new Sample3(), Isas.All[isa]).Kernel, found = other.Choose(undescribed, Isas.All[isa]).Kernel;
        Assert.Equal(Isas.All[isa].Avx2, found is GroupedLinear);
        Assert.Equal(GroupedMatrix.Products(expected, 0, GroupedMatrix.Rows), GroupedMatrix.Products(found, 0, GroupedMatrix.Rows));
        Assert.Equal(GroupedMatrix.Tiles(expected), GroupedMatrix.Tiles(found));
    }

    public static TheoryData<string, int[]> Orders => new()
    {
        { "4", [.. Enumerable.Range(0, 32).Select(place => place % 16 * 2 + place / 16)] },
        { "2", [.. Enumerable.Range(0, 32).Select(place => place % 8 * 4 + place / 8)] },
        { "3", Shuffled() },
        { "5", Shuffled() },
    };

    [Theory, MemberData(nameof(Orders))]
    public void Elements_may_stand_in_another_order(string name, int[] order)
    {
        GroupLayout layout = DescribedType.Layouts[name];
        foreach (CpuIsa isa in Isas.All.Values)
            Check(new(layout, order), layout, isa);
    }

    private static int[] Shuffled()
    {
        int[] order = [.. Enumerable.Range(0, 32)];
        new Random(5).Shuffle(order);
        return order;
    }

    private static void Check(UndescribedType type, GroupLayout layout, CpuIsa isa)
    {
        using GroupedMatrix matrix = new(layout.Bytes);
        (LinearKernel grouped, string said) = matrix.Choose(type, isa);
        AffineLinear unpacked = matrix.Unpacked(type, isa);
        Assert.Equal(isa.Avx2, grouped is GroupedLinear);
        Assert.StartsWith(isa.Avx2 ? "described [24, 544] described: groups found by its plugin's unpacking, unpacked in registers, " : "described [24, 544] described: unpacked to bytes by its plugin, ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("not found", said, StringComparison.Ordinal);
        Assert.Equal(GroupedMatrix.Products(unpacked, 0, GroupedMatrix.Rows), GroupedMatrix.Products(grouped, 0, GroupedMatrix.Rows));
        Assert.Equal(GroupedMatrix.Products(unpacked, 16, 8), GroupedMatrix.Products(grouped, 16, 8));
        Assert.Equal(isa.Avx2, GroupedMatrix.Tiles(unpacked).Length > 0);
        // Its own unpacking is not asked again.
        int before = type.Unpacked;
        byte[] tiles = GroupedMatrix.Tiles(grouped);
        Assert.Equal(before, type.Unpacked);
        Assert.Equal(GroupedMatrix.Tiles(unpacked), tiles);
    }

    private static readonly Dictionary<string, (string Why, Func<UndescribedType> Type)> Others = new()
    {
        ["throws at made-up tensors"] = ("its plugin failed: InvalidDataException: odd", () => new(Three) { Then = (weight, _, _, _, _, _) => Odd(weight.Rows != GroupedMatrix.Rows) }),
        ["refuses made-up tensors"] = ("its plugin failed: odd", () => new(Three) { Checks = weight => Refuse(weight.Rows != GroupedMatrix.Rows) }),
        ["unpacks the tensor itself otherwise"] = ("some of its rows are unpacked otherwise", () => new(Three) { Then = (weight, _, _, values, _, _) => values[5] ^= (byte)(weight.Rows == GroupedMatrix.Rows ? 1 : 0) }),
        ["unpacks the last row otherwise"] = ("some of its rows are unpacked otherwise", () => new(Three)
        {
            Then = (weight, first, count, _, scales, _) => scales[count * weight.Columns / 32 - 1] *= weight.Rows == GroupedMatrix.Rows && first + count == weight.Rows ? 2 : 1,
        }),
        ["has a value of its own for one scale"] = ("made-up ones are unpacked otherwise", () => new(Three) { Then = (weight, _, count, values, scales, _) => Where(weight, count, scales, (float)Half.MaxValue, group => values[group * 32] = 4) }),
        ["takes what is no number for zero"] = ("made-up ones are unpacked otherwise", () => new(Three)
        {
            Then = (weight, _, count, _, scales, minimums) => Where(weight, count, scales, float.NaN, group => scales[group] = minimums[group] = 0),
        }),
        ["has its scale in two parts"] = ("made-up ones are unpacked otherwise", () => new(Three with { Bytes = 15 }) { Then = (weight, first, count, _, scales, minimums) => Split(weight, first, count, scales, minimums) }),
        ["has its highest bits in an order of their own"] = ("made-up ones are unpacked otherwise", () => new(Three) { Then = (weight, _, count, values, _, _) => Highest(weight, count, values) }),
        ["has signs"] = ("no layout has its bits where they are", () => new(Three) { Then = (weight, _, count, values, _, _) => Each(weight, count, element => values[element] ^= 4) }),
        ["leaves its last elements unwritten"] = ("no layout has its bits where they are", () => new(Three) { Written = weight => weight.Rows == GroupedMatrix.Rows ? 32 : 31 }),
        ["has other minimums"] = ("made-up ones are unpacked otherwise", () => new(Three) { Then = (weight, _, count, _, _, minimums) => new Span<float>(minimums, (int)(count * weight.Columns / 32)).Fill(1e-3f) }),
        ["writes behind its values"] = ("made-up ones are unpacked otherwise", () => new(Three) { Then = (weight, _, count, values, _, _) => Behind(weight, count, values) }),
        ["has long groups"] = ("", () => new(Three with { Bytes = 65 })),
        ["has its parts far apart"] = ("what belongs to a group is too far apart", () => new(Three with { Bytes = 40, ScaleAt = 30 })),
        ["has large values"] = ("", () => new(Three) { MaxValue = 255 }),
    };

    public static TheoryData<string> OtherTypes => [.. Others.Keys];

    /// <summary>It stays unpacked by its plugin, whatever that does, and the reason is told.</summary>
    [Theory, MemberData(nameof(OtherTypes))]
    public void A_type_stays_unpacked_that(string does)
    {
        (string why, Func<UndescribedType> make) = Others[does];
        CpuIsa isa = CpuIsa.Detect();
        Assert.SkipUnless(isa.Avx2, "no AVX2 here");
        UndescribedType type = make();
        using GroupedMatrix matrix = new(does == "has long groups" ? 65 : does == "has its parts far apart" ? 40 : does == "has its scale in two parts" ? 15 : Three.Bytes);
        (LinearKernel kernel, string said) = matrix.Choose(type, isa);
        Assert.IsType<AffineLinear>(kernel);
        Assert.EndsWith(why.Length == 0 ? "activations int8 by 32" : $"activations int8 by 32; its groups not found: {why}", said, StringComparison.Ordinal);
        AffineLinear unpacked = matrix.Unpacked(type, isa);
        Assert.Equal(GroupedMatrix.Products(unpacked, 0, GroupedMatrix.Rows), GroupedMatrix.Products(kernel, 0, GroupedMatrix.Rows));
        Assert.Equal(GroupedMatrix.Tiles(unpacked), GroupedMatrix.Tiles(kernel));
    }

    [Fact]
    public void A_type_is_tried_once_for_each_length_of_a_row()
    {
        CpuIsa isa = CpuIsa.Detect();
        Assert.SkipUnless(isa.Avx2, "no AVX2 here");
        int madeUp = 0, own = 0;
        UndescribedType type = new(Three) { Then = (weight, _, count, _, _, _) => (madeUp, own) = weight.Parts[0].File is GroupedMatrix ? (madeUp, own + count) : (madeUp + 1, own) };
        using GroupedMatrix matrix = new(Three.Bytes);
        KernelChoice choice = GroupedMatrix.Choice(type, isa, []);
        Choose([24, 544]);
        (int once, int rows) = (madeUp, own);
        Assert.True(once is > 0 and < 20 && rows == 8, $"{once} and {rows} times");
        Choose([24, 544]);
        Choose([22, 544]);
        Assert.Equal((once, 3 * rows), (madeUp, own));
        Choose([24, 512]);
        Assert.Equal((2 * once, 4 * rows), (madeUp, own));

        void Choose(long[] shape) => Assert.IsType<GroupedLinear>(choice.Choose(GroupedMatrix.Any, new WeightTensor
        {
            Name = "described",
            Shape = shape,
            Quantization = "described",
            Parts = [new WeightPart("data", matrix, 0, shape[0] * shape[1] / 32 * Three.Bytes)],
        }));
    }

    private static void Odd(bool isOdd)
    {
        if (isOdd)
            throw new InvalidDataException("odd");
    }

    private static void Refuse(bool isOdd)
    {
        if (isOdd)
            throw new ModelFormatException("odd");
    }

    private static void Where(WeightTensor weight, int rows, float* scales, float scale, Action<int> then)
    {
        for (int group = 0; group < rows * weight.Columns / 32; group++)
            if (scales[group].Equals(scale))
                then(group);
    }

    private static void Each(WeightTensor weight, int rows, Action<int> then)
    {
        for (int element = 0; element < rows * weight.Columns; element++)
            then(element);
    }

    // The upper byte behind all else.
    private static void Split(WeightTensor weight, long first, int rows, float* scales, float* minimums)
    {
        byte* group = weight.Parts[0].Data + first * (weight.Columns / 32) * 15;
        for (int g = 0; g < rows * weight.Columns / 32; g++, group += 15)
        {
            scales[g] = (float)BitConverter.UInt16BitsToHalf((ushort)(group[0] | group[14] << 8));
            minimums[g] = scales[g] * 4;
        }
    }

    private static void Highest(WeightTensor weight, int rows, byte* values)
    {
        for (int group = 0; group < rows * weight.Columns; group += 32)
            (values[group], values[group + 9]) = ((byte)(values[group] & 3 | values[group + 9] & 4), (byte)(values[group + 9] & 3 | values[group] & 4));
    }

    private static void Behind(WeightTensor weight, int rows, byte* values)
    {
        // Only where there is room: in trials.
        if (weight.Rows != GroupedMatrix.Rows)
            values[rows * weight.Columns] = 0;
    }
}
