using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles.Native;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>GPTQ whose columns are grouped in another order than their own.</summary>
public unsafe class ScatteredKernelTests
{
    [Theory]
    [InlineData(64, 256, 64, "turned"), InlineData(16, 96, 32, "turned"), InlineData(72, 1024, 128, "random"), InlineData(40, 512, 32, "random"), InlineData(8, 256, 128, "same place")]
    [InlineData(104, 352, 32, "random"), InlineData(200, 512, 128, "random"), InlineData(328, 512, 128, "uneven"), InlineData(136, 4096, 128, "random"), InlineData(648, 512, 128, "random")]
    [InlineData(1288, 128, 32, "random"), InlineData(648, 2048, 32, "random"), InlineData(264, 14336, 64, "random")]
    public void Columns_in_another_order_are_brought_into_that_of_their_groups(int rows, int columns, int group, string kind) => Check(rows, columns, group, kind, "f16", 1);

    [Theory]
    [InlineData(72, 256, "f16", 0), InlineData(72, 256, "bf16", 0), InlineData(72, 256, "bf16", 1), InlineData(72, 256, "f32", 0), InlineData(72, 256, "f32", 1)]
    [InlineData(328, 512, "f16", 0), InlineData(328, 512, "bf16", 0), InlineData(328, 512, "bf16", 1), InlineData(328, 512, "f32", 0), InlineData(328, 512, "f32", 1)]
    public void Scales_are_of_any_type_and_zero_points_of_either_kind(int rows, int columns, string scaleType, int zeroOffset) => Check(rows, columns, 64, "random", scaleType, zeroOffset);

    private static void Check(int rows, int columns, int group, string kind, string scaleType, int zeroOffset)
    {
        ILookup<bool, float[]> found = Isas.All.Values.ToLookup(isa => isa.Avx2, isa => Product(isa, rows, columns, group, Index(columns, group, kind), scaleType, zeroOffset));
        Assert.All(found[true], product => Assert.Equal(found[true].First(), product));
    }

    private static float[] Product(CpuIsa isa, int rows, int columns, int group, int[] index, string scaleType, int zeroOffset)
    {
        using PackedWeight weight = new("gptq4", rows, columns, group, index, scaleType, zeroOffset);
        AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type("gptq4"))!;
        Preparation ordered = Preparation.Int8(isa, source.Order!);
        Assert.True(ordered.IsSameAs(Preparation.Int8(isa, [.. source.Order!])));
        Assert.False(ordered.IsSameAs(Preparation.Int8(isa)) || Preparation.Int8(isa).IsSameAs(ordered));
        LinearKernel? gathered = TransposedTable.Create(weight.Tensor, source, Preparation.Int8(isa), isa);
        // The one before may have changed the order within groups.
        AffineLinear unpacked = new(weight.Tensor, source, ordered, isa);
        float[] x = PackedProducts.Activations(columns), expected = PackedProducts.Multiply(unpacked, x, 8);
        PackedProducts.Near(weight, x, expected);
        if (unpacked.Tile is not null)
            Assert.Equal(expected, PackedProducts.Tiles(unpacked, x, isa));
        Assert.Equal(isa.Avx2, gathered is not null);
        if (gathered is null)
            return expected;
        Assert.True(gathered.Preparation.IsSameAs(ordered));
        // From one strip at a time to as many as are ever side by side.
        LinearKernel[] kernels = [gathered, .. new[] { 1 << 10, 1 << 20, 1 << 24 }.Select(cacheBytes => Kernel(weight.Tensor, zeroOffset, source, isa, cacheBytes))];
        foreach (LinearKernel kernel in kernels)
            foreach (int block in new[] { rows, 8, 24, 32, 40, 64, 72, 136, 256, 264 })
                Assert.Equal(expected, PackedProducts.Multiply(kernel, x, block));
        Assert.Equal(expected, PackedProducts.Tiles(gathered, x, isa));
        return expected;
    }

    private static PackedLinear Kernel(WeightTensor weight, int zeroOffset, AffineSource source, CpuIsa isa, long cacheBytes) => isa.Avx512
        ? new ScatteredGptq4<Simd512, Vector512<int>, Vector512<float>>(weight, zeroOffset, source, isa, null, cacheBytes)
        : new ScatteredGptq4<Simd256, Vector256<int>, Vector256<float>>(weight, zeroOffset, source, isa, null, cacheBytes);

    /// <summary>Groups that are no multiples of 32 columns have no scale in common for 32 activations: such a weight goes the way of floats.</summary>
    [Theory]
    [InlineData(16, 96, 1, "random"), InlineData(24, 128, 24, "random"), InlineData(8, 256, 128, "single"), InlineData(16, 40, 8, "random"), InlineData(16, 128, 40, "as they stand")]
    public void Other_groups_are_multiplied_all_the_same(int rows, int columns, int group, string kind)
    {
        CpuIsa isa = CpuIsa.Detect();
        using PackedWeight weight = new("gptq4", rows, columns, group, Index(columns, group, kind));
        List<string> said = [];
        LinearKernel kernel = new KernelChoice(Quantizations.With(PackedWeight.Type("gptq4")), ActivationPrecision.Fast, isa, new NativeTiles([], isa), new NativeRowDots([], isa), said).Choose(new Node(), weight.Tensor);
        Assert.Contains("dequantized by rows", Assert.Single(said));
        float[] x = PackedProducts.Activations(columns);
        PackedProducts.Near(weight, x, PackedProducts.Multiply(kernel, x, 8));
    }

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void The_explanation_names_the_instruction_set(string name)
    {
        CpuIsa isa = Isas.All[name];
        using PackedWeight weight = new("gptq4", 16, 128, 32, Index(128, 32, "random"));
        List<string> said = [];
        new KernelChoice(Quantizations.With(PackedWeight.Type("gptq4")), ActivationPrecision.Fast, isa, new NativeTiles([], isa), new NativeRowDots([], isa), said).Choose(new Node(), weight.Tensor);
        Assert.Contains(isa.Avx512 ? "own kernel (avx512" : isa.Avx2 ? "own kernel (avx2" : "unpacked to bytes by its plugin", Assert.Single(said));
    }

    private static int[] Index(int columns, int group, string kind)
    {
        int[] index = [.. Enumerable.Range(0, columns).Select(i => (kind == "turned" ? i * 5 % columns : i) / group)];
        switch (kind)
        {
            case "random":
                new Random(columns).Shuffle(index);
                break;
            case "same place":
                // A group's columns all in the same pair of bytes of their words.
                index = [.. Enumerable.Range(0, columns).Select(i => i % 8 / 4)];
                break;
            case "uneven":
                // 32, 288, none and 192 columns.
                index = [.. Enumerable.Range(0, columns).Select(i => i < 32 ? 0 : i < 320 ? 1 : 3)];
                new Random(columns).Shuffle(index);
                break;
            case "single":
                // One column against all the others.
                index = [.. Enumerable.Range(0, columns).Select(i => i == 77 ? 1 : 0)];
                break;
        }
        return index;
    }

    private sealed record Node() : GraphNode("test", new GraphValue(1, "out", 1))
    {
        public override string Operation => "test";

        public override int Revision => 1;

        public override IReadOnlyList<GraphValue> Inputs => [];
    }
}
