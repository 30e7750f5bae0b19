using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>GPTQ whose columns are grouped in another order than their own.</summary>
public unsafe class ScatteredKernelTests
{
    [Theory]
    [InlineData(64, 256, 64, "turned"), InlineData(16, 96, 32, "turned"), InlineData(72, 1024, 128, "random"), InlineData(40, 512, 32, "random"), InlineData(8, 256, 128, "same place")]
    [InlineData(104, 352, 32, "random"), InlineData(200, 512, 128, "random"), InlineData(328, 512, 128, "uneven")]
    public void Columns_in_another_order_are_brought_into_that_of_their_groups(int rows, int columns, int group, string kind)
    {
        CpuIsa isa = CpuIsa.Detect();
        using PackedWeight weight = new("gptq4", rows, columns, group, Index(columns, group, kind));
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
            return;
        Assert.True(gathered.Preparation.IsSameAs(ordered));
        foreach (int block in new[] { rows, 8, 24, 32, 40, 64, 136 })
            Assert.Equal(expected, PackedProducts.Multiply(gathered, x, block));
        Assert.Equal(expected, PackedProducts.Tiles(gathered, x, isa));
    }

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

    [Fact]
    public void Even_columns_are_paired_with_odd_ones_as_long_as_there_are_both()
    {
        const int Columns = 512, Group = 128;
        int[] groups = [.. Enumerable.Range(0, Columns).Select(i => i / Group)];
        new Random(3).Shuffle(groups);
        int[] order = [.. Enumerable.Range(0, Columns).OrderBy(i => groups[i])], before = [.. order];
        bool[] regular = ColumnPairs.Arrange(order, groups);
        Assert.Equal(before.Select(i => groups[i]), order.Select(i => groups[i]));
        Assert.Equal(before.Order(), order.Order());
        Assert.Equal(order.Chunk(ColumnPairs.Columns).Select(c => c.Chunk(2).All(p => p[0] % 2 == 0 && p[1] % 2 == 1)), regular);
        Assert.True(regular.Count(r => r) > regular.Length / 2 && !regular.All(r => r));
        foreach (int[] group in order.Chunk(Group))
            Assert.Equal(Math.Min(group.Count(c => c % 2 == 0), group.Count(c => c % 2 == 1)), group.Chunk(2).Count(p => p[0] % 2 != p[1] % 2));
    }

    [Fact]
    public void Any_columns_of_a_turned_strip_are_multiplied()
    {
        if (!CpuIsa.Detect().Avx2)
            return;
        const int Columns = 128, Rows = ColumnPairs.Rows;
        Random random = new(5);
        foreach (int rows in new[] { Rows, 24, 8 })
        {
            uint[] words = [.. Enumerable.Range(0, Columns / 8 * rows).Select(_ => (uint)random.NextInt64(1L << 32))];
            int[] columns = [.. Enumerable.Range(0, Columns)];
            random.Shuffle(columns);
            // The first ones in one group, whose pairs come out regular, and the others as they are.
            bool[] regular = ColumnPairs.Arrange(columns.AsSpan(0, Columns / 2), new int[Columns]).Concat(new bool[Columns / 2 / ColumnPairs.Columns]).ToArray();
            int[] places = [.. columns.Select(ColumnPairs.Place)];
            // The largest products, and others.
            sbyte[] quants = [.. columns.Select(c => (sbyte)(c % 3 == 0 ? random.Next(-127, 128) : 127))];
            byte[] strip = new byte[Columns / 2 * Rows], shifts = new byte[ColumnPairs.ShiftBytes];
            short[] sums = new short[Rows];
            fixed (uint* from = words)
            fixed (byte* pairs = strip, table = shifts)
            fixed (int* p = places)
            fixed (sbyte* q = quants)
            fixed (short* to = sums)
            {
                for (int line = 0; line < Columns / 8; line++)
                    if (rows == Rows)
                        ColumnPairs.Turn((byte*)(from + line * rows), pairs + line * ColumnPairs.LineBytes);
                    else
                        ColumnPairs.Turn((byte*)(from + line * rows), rows, pairs + line * ColumnPairs.LineBytes);
                ColumnPairs.Shifts(table);
                for (int first = 0; first < Columns; first += ColumnPairs.Columns)
                {
                    ColumnPairs.Dot(pairs, p + first, q + first, table, to);
                    int[] expected = [.. Enumerable.Range(0, Rows).Select(row => row >= rows ? 0
                        : Enumerable.Range(first, ColumnPairs.Columns).Sum(i => (int)(words[columns[i] / 8 * rows + row] >> columns[i] % 8 * 4 & 15) * quants[i]))];
                    Assert.Equal(expected, InRows(sums));
                    if (!regular[first / ColumnPairs.Columns])
                        continue;
                    ColumnPairs.RegularDot(pairs, p + first, q + first, to);
                    Assert.Equal(expected, InRows(sums));
                }
            }
        }
    }

    // Of each 32 rows: 0–3 8–11 4–7 12–15, then the same of the other sixteen.
    private static int[] InRows(short[] sums) =>
        [.. Enumerable.Range(0, sums.Length).Select(row => (int)sums[row / 16 * 16 + row % 16 / 4 % 2 * 8 + row % 16 / 8 * 4 + row % 4])];

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
