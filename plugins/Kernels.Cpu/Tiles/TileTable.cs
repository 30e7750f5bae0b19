using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using Tessera.Kernels.Cpu.Tiles.Groups;
using Tessera.Kernels.Cpu.Tiles.Supers;

namespace Tessera.Kernels.Cpu.Tiles;

/// <summary>Chooses the tiles of a weight; asked once per weight, at load.</summary>
internal static unsafe class TileTable
{
    /// <summary>The types that have tiles.</summary>
    public static ReadOnlySpan<string> Quantizations => new[] { "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_k", "q5_k", "q6_k" };

    /// <summary>Activation rows of a panel within an instruction set; 0: no tiles.</summary>
    public static int Width(CpuIsa isa) => isa.Avx512 ? 16 : isa.Avx2 ? 8 : 0;

    /// <summary>The tiles of a weight whose rows follow each other; null where its type has none.</summary>
    public static TileKernel? Create(string quantization, byte* weights, nint rowBytes, int columns, CpuIsa isa) =>
        !isa.Avx2 ? null : quantization switch
        {
            "q4_0" => new GroupTileKernel<Q4_0>(weights, rowBytes, columns),
            "q4_1" => new GroupTileKernel<Q4_1>(weights, rowBytes, columns),
            "q5_0" => new GroupTileKernel<Q5_0>(weights, rowBytes, columns),
            "q5_1" => new GroupTileKernel<Q5_1>(weights, rowBytes, columns),
            "q8_0" => new GroupTileKernel<Q8_0>(weights, rowBytes, columns),
            "q4_k" => new SuperTileKernel<KTileType<Q4_K>>(weights, rowBytes, columns),
            "q5_k" => new SuperTileKernel<KTileType<Q5_K>>(weights, rowBytes, columns),
            "q6_k" => new SuperTileKernel<Q6KTileType>(weights, rowBytes, columns),
            _ => null,
        };

    /// <summary>The tiles of a weight that its plugin unpacks; null where groups are not of 32 columns.</summary>
    public static TileKernel? Create(WeightTensor weight, IAffineUnpack unpack, CpuIsa isa) =>
        !isa.Avx2 || unpack.GroupSize != Int8Activation.Group ? null : unpack.MaxValue switch
        {
            <= 15 => new AffineTileKernel<Affine4>(weight, unpack),
            <= 31 => new AffineTileKernel<Affine5>(weight, unpack),
            _ => new AffineTileKernel<Affine8>(weight, unpack),
        };
}
