using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Tiles.Floats;

/// <summary>Tiles of weights that are floats, whatever their width; their columns are a multiple of the lanes.</summary>
internal sealed unsafe class FloatTileKernel<TWeight>(byte* weights, nint rowBytes, int columns, int lanes) : TileKernel
    where TWeight : struct, IFloatWeight
{
    private readonly int _groups = columns / lanes;

    public override long PanelBytes => (long)columns * Panels.Rows * sizeof(float);

    public override void Compile()
    {
        float* sums = stackalloc float[Panels.Rows * MaxWidth];
        Unpack(null, 0, 0, null, 0, lanes);
        FloatTile.Multiply<Simd256, Vector256<int>, Vector256<float>>(null, null, 0, lanes, sums);
        if (Avx512F.IsSupported)
            FloatTile.Multiply<Simd512, Vector512<int>, Vector512<float>>(null, null, 0, lanes, sums);
    }

    public override void Unpack(int firstRow, int rowCount, byte* panels)
    {
        for (int row = 0; row < rowCount; row += Panels.Rows, panels += PanelBytes)
            Unpack(weights + (firstRow + row) * rowBytes, rowBytes, Math.Min(Panels.Rows, rowCount - row) - 1, (float*)panels, _groups, lanes);
    }

    public override void MultiplyPanel(byte* panel, byte* activations, int width, float* sums)
    {
        if (width == Simd512.Width)
            FloatTile.Multiply<Simd512, Vector512<int>, Vector512<float>>((float*)panel, (float*)activations, _groups, lanes, sums);
        else
            FloatTile.Multiply<Simd256, Vector256<int>, Vector256<float>>((float*)panel, (float*)activations, _groups, lanes, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack(byte* first, nint stride, int last, float* panel, int groups, int lanes)
    {
        byte* b = first + Math.Min(1, last) * stride, c = first + Math.Min(2, last) * stride, d = first + Math.Min(3, last) * stride;
        byte* e = first + Math.Min(4, last) * stride, f = first + Math.Min(5, last) * stride, g = first + Math.Min(6, last) * stride, h = first + Math.Min(7, last) * stride;
        nint laneFloats = (nint)groups * Panels.Rows, at = 0;
        for (int group = 0; group < groups; group++, panel += Panels.Rows)
            for (int lane = 0; lane < lanes; lane += 8, at += 8 * TWeight.Bytes)
                Interleave.Transpose(
                    TWeight.Load8(first + at), TWeight.Load8(b + at), TWeight.Load8(c + at), TWeight.Load8(d + at), TWeight.Load8(e + at), TWeight.Load8(f + at), TWeight.Load8(g + at), TWeight.Load8(h + at),
                    panel + lane * laneFloats, laneFloats);
    }
}
