using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

/// <summary>Tiles of a type with blocks of 32 columns.</summary>
internal sealed unsafe class GroupTileKernel<TBlock>(byte* weights, nint rowBytes, int columns) : TileKernel(weights, rowBytes)
    where TBlock : struct, IBlock32
{
    private readonly int _groups = columns / Int8Activation.Group;

    public override long PanelBytes => (long)_groups * GroupWeights.Bytes(TBlock.Planes);

    public override void Compile()
    {
        float* sums = stackalloc float[Panels.Rows * MaxWidth];
        Unpack(null, 0, null, 0);
        GroupTile.Multiply<Simd256, Vector256<int>, Vector256<float>, TBlock>(null, null, 0, sums);
        if (Avx512BW.IsSupported)
            GroupTile.Multiply<Simd512, Vector512<int>, Vector512<float>, TBlock>(null, null, 0, sums);
    }

    protected override void UnpackRow(byte* row, int place, byte* panel) => Unpack(row, place, panel, _groups);

    protected override void MultiplyPanel(byte* panel, byte* activations, int width, float* sums)
    {
        if (width == Simd512.Width)
            GroupTile.Multiply<Simd512, Vector512<int>, Vector512<float>, TBlock>(panel, activations, _groups, sums);
        else
            GroupTile.Multiply<Simd256, Vector256<int>, Vector256<float>, TBlock>(panel, activations, _groups, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack(byte* row, int place, byte* panel, int groups)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), zero = Vector256.Create((byte)(TBlock.ZeroShift > 0 ? 1 << TBlock.ZeroShift : 0));
        for (int group = 0; group < groups; group++, row += TBlock.Bytes)
        {
            Sse.Prefetch0(row + Prefetch.Distance);
            byte* to = panel + Panels.Place(group, groups, GroupSum.Lanes) * GroupWeights.Bytes(TBlock.Planes);
            byte* q = to + place * GroupWeights.RowBytes;
            Vector256<byte> values = TBlock.Weights(row) + zero;
            if (TBlock.Planes == 1)
                values.Store(q);
            else
            {
                (values & nibble).Store(q);
                ((values.AsUInt16() >> 4).AsByte() & nibble).Store(q + GroupWeights.PlaneBytes);
            }
            int start = Unsafe.ReadUnaligned<int>(row);
            Vector128<float> both = HalfFloat.ToSingle(Vector128.Create(start, start >>> 16, 0, 0));
            float* floats = (float*)(to + GroupWeights.Scale(TBlock.Planes)) + place;
            floats[0] = both.ToScalar();
            if (TBlock.HasMinimum)
                floats[Panels.Rows] = both.GetElement(1);
        }
    }
}
