using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Which types' groups are multiplied where they stand, and that this changes no product.</summary>
public unsafe class GroupedLinearTests
{
    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void A_described_type_has_the_products_of_one_that_only_unpacks(string name)
    {
        CpuIsa isa = Isas.All[name];
        DescribedType type = new(DescribedType.Layouts["3"]);
        using GroupedMatrix matrix = new(type.Layout.Bytes);
        (LinearKernel grouped, string said) = matrix.Choose(type, isa);
        AffineLinear unpacked = matrix.Unpacked(new UndescribedType(type.Layout), isa);
        Assert.Contains(
            isa.Avx2 ? $"groups as its plugin describes them, unpacked in registers, generic integer dot ({(isa.Avx512Vbmi ? "avx512" : isa.AvxVnni ? "avx2-vnni" : "avx2")}, tiles" : "unpacked to bytes by its plugin", said, StringComparison.Ordinal);
        Assert.Equal(isa.Avx2, grouped is GroupedLinear);
        Assert.Equal(GroupedMatrix.Products(unpacked, 0, GroupedMatrix.Rows), GroupedMatrix.Products(grouped, 0, GroupedMatrix.Rows));
        Assert.Equal(GroupedMatrix.Products(unpacked, 16, 8), GroupedMatrix.Products(grouped, 16, 8));
    }

    [Fact]
    public void One_whose_parts_are_far_apart_is_unpacked()
    {
        DescribedType type = new(new GroupLayout { Bits = 5, Bytes = 22, LowAt = 2, HighAt = 18, ScaleAt = 0, Zero = 16 });
        using GroupedMatrix matrix = new(type.Layout.Bytes);
        Assert.Contains("unpacked to bytes by its plugin", matrix.Choose(type, CpuIsa.Detect()).Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(15, 0)]
    [InlineData(14, 1)]
    [InlineData(13, 0)]
    public void A_description_that_its_tensor_has_no_bytes_for_is_refused(int bytes, int missing)
    {
        DescribedType type = new(DescribedType.Layouts["3"] with { Bytes = bytes });
        using GroupedMatrix matrix = new(14, missing);
        Assert.Contains("are not what type 'described' says of its groups", Assert.Throws<ModelFormatException>(() => matrix.Choose(type, CpuIsa.Detect())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_that_unpacks_otherwise_than_it_describes_is_refused()
    {
        TwoMinds type = new();
        using GroupedMatrix matrix = new(type.Layout.Bytes);
        Assert.Equal("cpu: tensor 'described': type 'described' unpacks groups of 32 with values up to 15, its description says 32 and 7",
            Assert.Throws<ModelFormatException>(() => matrix.Choose(type, CpuIsa.Detect())).Message);
    }

    private sealed class TwoMinds : IQuantization, IGroupedUnpack
    {
        public string Id => "described";

        public int BlockSize => 32;

        public GroupLayout Layout => DescribedType.Layouts["3"];

        int IAffineUnpack.MaxValue => 15;

        public void Validate(WeightTensor weight)
        {
        }

        public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination) => destination.Clear();
    }
}
