using Tessera.Abstractions.Formats;
using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Which types' groups are multiplied where they stand, and that this changes no product.</summary>
public unsafe class GroupedLinearTests
{
    private const int Rows = 24, Columns = 544, Batch = 3;

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void A_described_type_has_the_products_of_one_that_only_unpacks(string name)
    {
        CpuIsa isa = Isas.All[name];
        DescribedType type = new(DescribedType.Layouts["3"]);
        using Memory memory = new(Rows * Columns / 32 * type.Layout.Bytes);
        WeightTensor weight = memory.Tensor();
        (LinearKernel grouped, string said) = Choose(type, weight, isa);
        (LinearKernel unpacked, string how) = Choose(new OnlyUnpacks(type), weight, isa);
        Assert.Contains("unpacked to bytes by its plugin", how, StringComparison.Ordinal);
        Assert.Contains(
            isa.Avx2 ? $"groups as its plugin describes them, unpacked in registers, generic integer dot ({(isa.Avx512Vbmi ? "avx512" : "avx2")}, tiles" : "unpacked to bytes by its plugin", said, StringComparison.Ordinal);
        Assert.Equal(isa.Avx2, grouped is GroupedLinear);
        Assert.Equal(Products(unpacked, 0, Rows), Products(grouped, 0, Rows));
        Assert.Equal(Products(unpacked, 16, 8), Products(grouped, 16, 8));
    }

    [Fact]
    public void One_whose_parts_are_far_apart_is_unpacked()
    {
        DescribedType type = new(new GroupLayout { Bits = 5, Bytes = 22, LowAt = 2, HighAt = 18, ScaleAt = 0, Zero = 16 });
        using Memory memory = new(Rows * Columns / 32 * type.Layout.Bytes);
        Assert.Contains("unpacked to bytes by its plugin", Choose(type, memory.Tensor(), CpuIsa.Detect()).Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(15, 0)]
    [InlineData(14, 1)]
    [InlineData(13, 0)]
    public void A_description_that_its_tensor_has_no_bytes_for_is_refused(int bytes, int missing)
    {
        DescribedType type = new(DescribedType.Layouts["3"] with { Bytes = bytes });
        using Memory memory = new(Rows * Columns / 32 * 14 - missing);
        Assert.Contains("are not what type 'described' says of its groups", Assert.Throws<ModelFormatException>(() => Choose(type, memory.Tensor(), CpuIsa.Detect())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_that_unpacks_otherwise_than_it_describes_is_refused()
    {
        TwoMinds type = new();
        using Memory memory = new(Rows * Columns / 32 * type.Layout.Bytes);
        Assert.Equal("cpu: tensor 'described': type 'described' unpacks groups of 32 with values up to 15, its description says 32 and 7",
            Assert.Throws<ModelFormatException>(() => Choose(type, memory.Tensor(), CpuIsa.Detect())).Message);
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

    private static (LinearKernel Kernel, string Said) Choose(IQuantization type, WeightTensor weight, CpuIsa isa)
    {
        List<string> said = [];
        LinearKernel kernel = new KernelChoice(Quantizations.With(type), ActivationPrecision.Fast, isa, new NativeTiles([], isa), new NativeRowDots([], isa), said).Choose(new Node(), weight);
        return (kernel, Assert.Single(said));
    }

    private static int[] Products(LinearKernel kernel, int first, int count)
    {
        int stride = (kernel.Preparation.Bytes(Columns) + 63) / 64 * 64;
        using NativeBuffer prepared = new((long)stride * Batch), scratch = new(kernel.ScratchBytes(count));
        float[] x = new float[Columns], output = new float[Batch * count];
        Random random = new(3);
        fixed (float* from = x, to = output)
        {
            for (int row = 0; row < Batch; row++)
            {
                for (int i = 0; i < Columns; i++)
                    x[i] = random.NextSingle() - 0.4f;
                kernel.Preparation.Prepare(from, Columns, prepared.Bytes + row * stride);
            }
            kernel.Begin(first, count, scratch.Bytes);
            kernel.Multiply(first, count, scratch.Bytes, prepared.Bytes, stride, Batch, to, count);
        }
        Assert.All(output, o => Assert.True(float.IsFinite(o) && o != 0));
        return [.. output.Select(BitConverter.SingleToInt32Bits)];
    }

    /// <summary>The same type without its description.</summary>
    private sealed class OnlyUnpacks(DescribedType type) : IQuantization, IAffineUnpack
    {
        public string Id => type.Id;

        public int BlockSize => type.BlockSize;

        public int GroupSize => 32;

        public int MaxValue => type.Layout.MaxValue;

        public void Validate(WeightTensor weight) => type.Validate(weight);

        public void Dequantize(WeightTensor weight, long firstRow, int rowCount, Span<float> destination) => type.Dequantize(weight, firstRow, rowCount, destination);

        public void Unpack(WeightTensor weight, long firstRow, int rowCount, byte* values, float* scales, float* minimums) =>
            ((IAffineUnpack)type).Unpack(weight, firstRow, rowCount, values, scales, minimums);
    }

    /// <summary>Random groups with scales that are numbers.</summary>
    private sealed class Memory : IModelFile, IDisposable
    {
        private readonly GuardedMemory _bytes;

        public Memory(int length)
        {
            (_bytes, Length) = (new GuardedMemory(length), length);
            Span<byte> all = new(_bytes.Data, length);
            new Random(2).NextBytes(all);
            foreach (ref byte value in all)
                value &= 0xFB;
        }

        public string Name => "memory";

        public long Length { get; }

        public byte* Data => _bytes.Data;

        public WeightTensor Tensor() => new() { Name = "described", Shape = [Rows, Columns], Quantization = "described", Parts = [new WeightPart("data", this, 0, Length)] };

        public void Dispose() => _bytes.Dispose();
    }

    private sealed record Node() : GraphNode("test", new GraphValue(1, "out", Rows))
    {
        public override string Operation => "test";

        public override int Revision => 1;

        public override IReadOnlyList<GraphValue> Inputs => [];
    }
}
