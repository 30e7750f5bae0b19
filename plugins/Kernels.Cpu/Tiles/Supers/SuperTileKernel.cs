using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using Tessera.Kernels.Cpu.Tiles.Native;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>Tiles of a type with super-blocks.</summary>
internal sealed unsafe class SuperTileKernel<TBlock>(byte* weights, nint rowBytes, int columns, NativeTile? native) : BlockTileKernel(weights, rowBytes, columns / Int8SuperActivation.Block, SuperSum.Lanes, native)
    where TBlock : struct, ISuperBlock
{
    private readonly int _blocks = columns / Int8SuperActivation.Block;

    protected override int OneBlockBytes => SuperWeights.Bytes;

    public override void Compile()
    {
        float* sums = stackalloc float[Panels.Rows * MaxWidth];
        Unpack(null, 0, null, 0);
        SuperTile.Multiply<Simd256, Vector256<int>, Vector256<float>, TBlock>(null, null, 0, sums);
        if (Avx512BW.IsSupported)
            SuperTile.Multiply<Simd512, Vector512<int>, Vector512<float>, TBlock>(null, null, 0, sums);
    }

    protected override void UnpackRow(byte* row, int place, byte* panel) => Unpack(row, place, panel, _blocks);

    protected override void MultiplyOwn(byte* panel, byte* activations, int count, int width, float* sums)
    {
        if (width == Simd512.Width)
            SuperTile.Multiply<Simd512, Vector512<int>, Vector512<float>, TBlock>(panel, activations, count, sums);
        else
            SuperTile.Multiply<Simd256, Vector256<int>, Vector256<float>, TBlock>(panel, activations, count, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack(byte* row, int place, byte* panel, int blocks)
    {
        for (int block = 0; block < blocks; block++, row += TBlock.Bytes)
        {
            for (int line = 0; line < TBlock.Bytes; line += 64)
                Sse.Prefetch0(row + Prefetch.Distance + line);
            byte* to = panel + Panels.Place(block, blocks, SuperSum.Lanes) * SuperWeights.Bytes;
            float* steps = (float*)(to + SuperWeights.Step) + place;
            SuperUnpack.Block<TBlock>(row, to + place * SuperWeights.RowBytes, to + SuperWeights.Scale + place * SuperWeights.RowScales, to + SuperWeights.Offset + place * SuperWeights.RowOffsets, out steps[0], out steps[Panels.Rows]);
        }
    }
}
