using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>A matrix of random groups whose scales are numbers, at the end of memory that may be read; and what kernels make of it.</summary>
internal sealed unsafe class GroupedMatrix : IModelFile, IDisposable
{
    public const int Rows = 24, Columns = 544;

    private const int Batch = 3;

    private readonly GuardedMemory _bytes;

    /// <param name="groupBytes">Bytes of a group.</param>
    /// <param name="missing">Bytes that are not there.</param>
    /// <param name="type">The type's id.</param>
    public GroupedMatrix(int groupBytes, int missing = 0, string type = "described")
    {
        Length = Rows * Columns / 32 * groupBytes - missing;
        _bytes = new GuardedMemory((int)Length);
        Span<byte> all = new(_bytes.Data, (int)Length);
        new Random(2).NextBytes(all);
        foreach (ref byte value in all)
            value &= 0xFB;
        Tensor = new WeightTensor { Name = "described", Shape = [Rows, Columns], Quantization = type, Parts = [new WeightPart("data", this, 0, Length)] };
    }

    /// <summary>Some node that multiplies.</summary>
    public static GraphNode Any { get; } = new Node();

    public string Name => "memory";

    public long Length { get; }

    public byte* Data => _bytes.Data;

    public WeightTensor Tensor { get; }

    /// <summary>The kernel that the backend chooses, and what it says.</summary>
    public (LinearKernel Kernel, string Said) Choose(IQuantization type, CpuIsa isa)
    {
        List<string> said = [];
        LinearKernel kernel = Choice(type, isa, said).Choose(Any, Tensor);
        return (kernel, Assert.Single(said));
    }

    public static KernelChoice Choice(IQuantization type, CpuIsa isa, List<string> said) => new(Quantizations.With(type), ActivationPrecision.Fast, isa, new NativeTiles([], isa), new NativeRowDots([], isa), said);

    /// <summary>The kernel that writes bytes.</summary>
    public AffineLinear Unpacked(IAffineUnpack type, CpuIsa isa) => new(Tensor, new AffineSource(Tensor, type), Preparation.Int8(isa), isa);

    /// <summary>The products of rows with several activation rows.</summary>
    public static int[] Products(LinearKernel kernel, int first, int count)
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

    /// <summary>All rows as the tiles of a kernel unpack them.</summary>
    public static byte[] Tiles(LinearKernel kernel)
    {
        if (kernel.Tile is not { } tile)
            return [];
        using NativeBuffer block = new(tile.BlockBytes(Rows));
        new Span<byte>(block.Bytes, (int)tile.BlockBytes(Rows)).Clear();
        tile.Unpack(0, Rows, block.Bytes);
        return new Span<byte>(block.Bytes, (int)(Rows / Panels.Rows * tile.PanelBytes)).ToArray();
    }

    public void Dispose() => _bytes.Dispose();

    private sealed record Node() : GraphNode("test", new GraphValue(1, "out", Rows))
    {
        public override string Operation => "test";

        public override int Revision => 1;

        public override IReadOnlyList<GraphValue> Inputs => [];
    }
}
