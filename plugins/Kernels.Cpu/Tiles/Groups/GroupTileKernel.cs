using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>Tiles of a type with blocks of 32 columns; a native tile takes values as whole bytes.</summary>
internal sealed unsafe class GroupTileKernel<TBlock>(byte* weights, nint rowBytes, int columns, CpuIsa isa, NativeTile? native) : BlockTileKernel(weights, rowBytes, columns / Int8Activation.Group, GroupSum.Lanes, native)
    where TBlock : struct, IBlock32
{
    private readonly bool _vnni = GroupTile.TakesVnni<TBlock>(isa);
    private readonly int _groups = columns / Int8Activation.Group, _planes = native is null && !GroupTile.TakesVnni<TBlock>(isa) ? TBlock.Planes : 1;

    protected override int OneBlockBytes => GroupWeights.Bytes(_planes);

    public override void Compile()
    {
        Unpack(null, 0, null, 0, _planes);
        GroupTile.Compile<TBlock>(_vnni);
    }

    protected override void UnpackRow(byte* row, int place, byte* panel) => Unpack(row, place, panel, _groups, _planes);

    protected override void MultiplyOwn(byte* panel, byte* activations, int count, int width, float* sums) => GroupTile.Multiply<TBlock>(panel, activations, count, width, sums, _vnni);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack(byte* row, int place, byte* panel, int groups, int planes)
    {
        nint* lanes = stackalloc nint[GroupSum.Lanes];
        float* floats = stackalloc float[2 * GroupSum.Lanes];
        for (int lane = 0; lane < GroupSum.Lanes; lane++)
            lanes[lane] = (nint)panel + Panels.Place(lane, groups, GroupSum.Lanes) * GroupWeights.Bytes(planes);
        int group = 0;
        for (; group <= groups - GroupSum.Lanes; group += GroupSum.Lanes)
        {
            // Eight scales are converted together.
            Vector256<int> starts = Block32Dot.Starts<TBlock>(row);
            HalfFloat.ToSingle(starts).Store(floats);
            if (TBlock.HasMinimum)
                HalfFloat.ToSingle(starts >> 16).Store(floats + GroupSum.Lanes);
            for (int lane = 0; lane < GroupSum.Lanes; lane++, row += TBlock.Bytes)
            {
                UnpackBlock(row, place, (byte*)lanes[lane], floats + lane, planes);
                lanes[lane] += GroupWeights.Bytes(planes);
            }
        }
        for (int lane = 0; group < groups; group++, lane++, row += TBlock.Bytes)
        {
            floats[lane] = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(row));
            if (TBlock.HasMinimum)
                floats[lane + GroupSum.Lanes] = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(row + 2));
            UnpackBlock(row, place, (byte*)lanes[lane], floats + lane, planes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnpackBlock(byte* block, int place, byte* to, float* floats, int planes)
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        byte* q = to + place * GroupWeights.RowBytes;
        Vector256<byte> values = TBlock.Weights(block);
        // Signed bytes: the zero point is the top bit.
        if (TBlock.Planes == 2)
            values ^= Vector256.Create((byte)0x80);
        if (TBlock.Planes == 1 || planes == 1)
            values.Store(q);
        else
        {
            (values & Vector256.Create((byte)15)).Store(q);
            ((values.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15)).Store(q + GroupWeights.PlaneBytes);
        }
        float* scales = (float*)(to + GroupWeights.Scale(planes)) + place;
        scales[0] = floats[0];
        if (TBlock.HasMinimum)
            scales[Panels.Rows] = floats[GroupSum.Lanes];
    }
}
