using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Units;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tiles.Units;

/// <summary>Chooses the tiles of the types in units of signed bytes.</summary>
internal static unsafe class UnitTileTable
{
    /// <summary>The tiles of a type; null where it is none of these.</summary>
    public static TileKernel? Create(string quantization, byte* weights, nint rowBytes, int columns, CpuIsa isa, NativeTile? native) => quantization switch
    {
        "q8_1" => new UnitTileKernel<Q8_1>(weights, rowBytes, columns, isa, native),
        "q8_k" => new UnitTileKernel<Q8_K>(weights, rowBytes, columns, isa, native),
        "iq1_s" => new UnitTileKernel<IQ1_S>(weights, rowBytes, columns, isa, native),
        "iq1_m" => new UnitTileKernel<IQ1_M>(weights, rowBytes, columns, isa, native),
        "iq2_xxs" => new UnitTileKernel<IQ2_XXS>(weights, rowBytes, columns, isa, native),
        "iq2_xs" => new UnitTileKernel<IQ2_XS>(weights, rowBytes, columns, isa, native),
        "iq2_s" => new UnitTileKernel<IQ2_S>(weights, rowBytes, columns, isa, native),
        "iq3_xxs" => new UnitTileKernel<IQ3_XXS>(weights, rowBytes, columns, isa, native),
        "iq3_s" => new UnitTileKernel<IQ3_S>(weights, rowBytes, columns, isa, native),
        "iq4_nl" => new UnitTileKernel<IQ4_NL>(weights, rowBytes, columns, isa, native),
        "iq4_xs" => new UnitTileKernel<IQ4_XS>(weights, rowBytes, columns, isa, native),
        "tq1_0" => new UnitTileKernel<TQ1_0>(weights, rowBytes, columns, isa, native),
        "tq2_0" => new UnitTileKernel<TQ2_0>(weights, rowBytes, columns, isa, native),
        "mxfp4" => new UnitTileKernel<MXFP4>(weights, rowBytes, columns, isa, native),
        "nvfp4" => new UnitTileKernel<NVFP4>(weights, rowBytes, columns, isa, native),
        "q1_0" => new UnitTileKernel<Q1_0>(weights, rowBytes, columns, isa, native),
        "q2_0" => new UnitTileKernel<Q2_0>(weights, rowBytes, columns, isa, native),
        _ => null,
    };

    /// <summary>The layout that a type's tiles have for native micro-kernels; null where there are none for it.</summary>
    public static string? LayoutOf(string quantization) => quantization switch
    {
        "q8_1" or "q8_k" or "iq2_xxs" or "iq3_xxs" or "iq4_nl" or "iq4_xs" => TileLayouts.OfUnits(zeroShift: 7),
        "iq1_s" or "iq3_s" or "mxfp4" => TileLayouts.OfUnits(zeroShift: 4),
        "tq1_0" or "tq2_0" or "q1_0" or "q2_0" => TileLayouts.OfUnits(zeroShift: 3),
        "iq1_m" or "nvfp4" => TileLayouts.OfSixteens(zeroShift: 4),
        "iq2_xs" or "iq2_s" => TileLayouts.OfSixteens(zeroShift: 7),
        _ => null,
    };
}
