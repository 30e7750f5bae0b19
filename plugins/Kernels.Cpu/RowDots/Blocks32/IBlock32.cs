using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.Tiles.Groups;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>A type with blocks of 32 weights that start with a half-precision scale; a type argument, so that the calls vanish.</summary>
internal unsafe interface IBlock32 : IGroupTileType
{
    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Where 16 bytes of nibbles are all of the weights, the place where they start; else 0.</summary>
    static abstract int NibblesAt { get; }

    /// <summary>One weight, the zero point subtracted.</summary>
    static abstract int Weight(byte* block, int column);

    /// <summary>The first and the second 16 weights, the zero point subtracted.</summary>
    static abstract void Signed(byte* block, out Vector128<sbyte> low, out Vector128<sbyte> high);

    /// <summary>All weights with AVX2 in the order of columns, the zero point not subtracted; signed bytes where there are two planes.</summary>
    static abstract Vector256<byte> Weights(byte* block);
}
