using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.Units;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tiles.Units;

/// <summary>Tiles of a type in units of signed bytes, unpacked as its row dots do; a native tile takes values as whole bytes.</summary>
internal sealed unsafe class UnitTileKernel<TUnit>(byte* weights, nint rowBytes, int columns, CpuIsa isa, NativeTile? native) : BlockTileKernel(weights, rowBytes, columns / Int8Activation.Group, GroupSum.Lanes, native)
    where TUnit : struct, IUnit
{
    private const int Alignment = 32;

    private readonly bool _vnni = GroupTile.TakesVnni<UnitGroups<TUnit>>(isa);
    private readonly int _groups = columns / Int8Activation.Group, _planes = native is null && !GroupTile.TakesVnni<UnitGroups<TUnit>>(isa) ? UnitGroups<TUnit>.Planes : 1;

    protected override int OneBlockBytes => GroupWeights.Bytes(_planes);

    public override void Compile()
    {
        Unpack(null, 0, null, 0, _planes);
        if (TUnit.HasSixteens)
            SixteenTile.Compile<UnitGroups<TUnit>>(_vnni);
        else
            GroupTile.Compile<UnitGroups<TUnit>>(_vnni);
    }

    protected override void UnpackRow(byte* row, int place, byte* panel) => Unpack(row, place, panel, _groups, _planes);

    protected override void MultiplyOwn(byte* panel, byte* activations, int count, int width, float* sums)
    {
        if (TUnit.HasSixteens)
            SixteenTile.Multiply<UnitGroups<TUnit>>(panel, activations, count, width, sums, _vnni);
        else
            GroupTile.Multiply<UnitGroups<TUnit>>(panel, activations, count, width, sums, _vnni);
    }

    // What is read of the stack's memory is written before.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    private static void Unpack(byte* row, int place, byte* panel, int groups, int planes)
    {
        byte* memory = stackalloc byte[UnitDot.Columns + Alignment];
        sbyte* w = (sbyte*)((nint)(memory + Alignment - 1) & -Alignment);
        float* scales = stackalloc float[2 * UnitDot.Groups];
        nint* lanes = stackalloc nint[GroupSum.Lanes];
        for (int lane = 0; lane < GroupSum.Lanes; lane++)
            lanes[lane] = (nint)panel + (nint)Panels.Place(lane, groups, GroupSum.Lanes) * GroupWeights.Bytes(planes);
        byte* table = TUnit.Table();
        for (int first = 0; first < groups; first += UnitDot.Groups, row += TUnit.Bytes)
        {
            int count = Math.Min(UnitDot.Groups, groups - first);
            for (int line = 0; line < TUnit.Bytes; line += 64)
                Sse.Prefetch0(row + Prefetch.Distance + line);
            TUnit.Unpack(row, count, table, w, scales);
            // A unit has as many groups as there are lanes.
            for (int lane = 0; lane < count; lane++)
            {
                byte* to = (byte*)lanes[lane], q = to + place * GroupWeights.RowBytes;
                Vector256<byte> values = Vector256.LoadAligned((byte*)w + lane * GroupWeights.RowBytes) + Vector256.Create((byte)(1 << TUnit.ZeroShift));
                if (UnitGroups<TUnit>.Planes == 1 || planes == 1)
                    values.Store(q);
                else
                {
                    (values & Vector256.Create((byte)15)).Store(q);
                    ((values.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15)).Store(q + GroupWeights.PlaneBytes);
                }
                float* scale = (float*)(to + GroupWeights.Scale(planes)) + place;
                if (TUnit.HasSixteens)
                    (scale[0], scale[Panels.Rows]) = (scales[2 * lane], scales[2 * lane + 1]);
                else
                    scale[0] = scales[lane];
                lanes[lane] += GroupWeights.Bytes(planes);
            }
        }
    }
}
