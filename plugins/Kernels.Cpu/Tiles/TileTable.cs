using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Floats;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using Tessera.Kernels.Cpu.RowDots.Units;
using Tessera.Kernels.Cpu.Tiles.Floats;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Native;
using Tessera.Kernels.Cpu.Tiles.Supers;
using Tessera.Kernels.Cpu.Tiles.Units;

namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>Chooses the tiles of a weight; asked once per weight, at load.</summary>
internal static unsafe class TileTable
{
    /// <summary>The quantized types that have tiles.</summary>
    public static ReadOnlySpan<string> Quantizations => (string[])["q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k", .. UnitTable.Quantizations];

    /// <summary>Those of floats, where rows are a multiple of <see cref="FloatLanes.Of"/>.</summary>
    public static ReadOnlySpan<string> FloatQuantizations => new[] { "f32", "f16", "bf16" };

    /// <summary>Activation rows of a panel within an instruction set; 0: no tiles.</summary>
    public static int Width(CpuIsa isa) => isa.Avx512 ? 16 : isa.Avx2 ? 8 : 0;

    /// <summary>The tiles of a weight whose rows follow each other; null where its type has none.</summary>
    public static TileKernel? Create(string quantization, byte* weights, nint rowBytes, int columns, CpuIsa isa, NativeTile? native = null) =>
        !isa.Avx2 ? null : quantization switch
        {
            "q4_0" => new GroupTileKernel<Q4_0>(weights, rowBytes, columns, isa, native),
            "q4_1" => new GroupTileKernel<Q4_1>(weights, rowBytes, columns, isa, native),
            "q5_0" => new GroupTileKernel<Q5_0>(weights, rowBytes, columns, isa, native),
            "q5_1" => new GroupTileKernel<Q5_1>(weights, rowBytes, columns, isa, native),
            "q8_0" => new GroupTileKernel<Q8_0>(weights, rowBytes, columns, isa, native),
            "q2_k" => new SuperTileKernel<Q2_K>(weights, rowBytes, columns, native),
            "q3_k" => new SuperTileKernel<Q3_K>(weights, rowBytes, columns, native),
            "q4_k" => new SuperTileKernel<Q4_K>(weights, rowBytes, columns, native),
            "q5_k" => new SuperTileKernel<Q5_K>(weights, rowBytes, columns, native),
            "q6_k" => new SuperTileKernel<Q6_K>(weights, rowBytes, columns, native),
            "f32" => OfFloats<F32>(weights, rowBytes, columns, isa),
            "f16" => OfFloats<F16>(weights, rowBytes, columns, isa),
            "bf16" => OfFloats<BF16>(weights, rowBytes, columns, isa),
            _ => UnitTileTable.Create(quantization, weights, rowBytes, columns, isa, native),
        };

    /// <summary>The layout that a type's tiles have for native micro-kernels; null where there are none for it.</summary>
    public static string? LayoutOf(string quantization) => quantization switch
    {
        "q4_0" => OfGroups<Q4_0>(),
        "q4_1" => OfGroups<Q4_1>(),
        "q5_0" => OfGroups<Q5_0>(),
        "q5_1" => OfGroups<Q5_1>(),
        "q8_0" => OfGroups<Q8_0>(),
        "q4_k" or "q5_k" => TileLayouts.SuperBy32,
        "q6_k" => TileLayouts.SuperBy16,
        _ => UnitTileTable.LayoutOf(quantization),
    };

    /// <summary>Whether a plugin's unpacking gives what tiles take.</summary>
    public static bool Takes(AffineSource source, CpuIsa isa) => isa.Avx2 && source.GroupSize == Int8Activation.Group;

    /// <summary>The tiles of a weight that its plugin unpacks; null where groups are not of 32 columns.</summary>
    public static TileKernel? Create(WeightTensor weight, AffineSource source, CpuIsa isa, NativeTile? native = null) =>
        !Takes(source, isa) ? null : source.MaxValue switch
        {
            <= 15 => new AffineTileKernel<Affine4>((int)weight.Columns, source, isa, native),
            <= 31 => new AffineTileKernel<Affine5>((int)weight.Columns, source, isa, native),
            _ => new AffineTileKernel<Affine8>((int)weight.Columns, source, isa, native),
        };

    private static string OfGroups<TBlock>()
        where TBlock : struct, IBlock32 =>
        TileLayouts.OfGroups(TBlock.ZeroShift, TBlock.HasMinimum);

    private static FloatTileKernel<TWeight>? OfFloats<TWeight>(byte* weights, nint rowBytes, int columns, CpuIsa isa)
        where TWeight : struct, IFloatWeight =>
        columns % FloatLanes.Of(isa) == 0 ? new(weights, rowBytes, columns, FloatLanes.Of(isa)) : null;
}
