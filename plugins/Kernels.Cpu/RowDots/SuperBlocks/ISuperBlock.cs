using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>A type with blocks of 256 weights in groups of 16 or 32 that have an integer scale each; a type argument, so that the calls vanish.</summary>
internal unsafe interface ISuperBlock
{
    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Where the scale stands: a half, followed by the minimums' scale where there are minimums; else at the block's end.</summary>
    static abstract int Scale { get; }

    /// <summary>Columns of a group: 16 or 32.</summary>
    static abstract int Group { get; }

    /// <summary>Products of four columns of a group whose sum 16 bits can hold: 8 for values up to 15, 4 up to 31, 2 up to 63.</summary>
    static abstract int Run { get; }

    /// <summary>The values' zero point is 2 to this power; 0: none.</summary>
    static abstract int ZeroShift { get; }

    /// <summary>True where minimums, which have a scale of their own, are subtracted.</summary>
    static abstract bool HasMinimums { get; }

    /// <summary>Where nibbles as <see cref="KNibbles"/> has them are all of the weights, the place where they start; else 0.</summary>
    static abstract int NibblesAt { get; }

    /// <summary>One weight, the zero point subtracted.</summary>
    static abstract int Weight(byte* block, int column);

    /// <summary>A group's scale.</summary>
    static abstract int GroupScale(byte* block, int group);

    /// <summary>A group's minimum; 0 where there are none.</summary>
    static abstract int GroupMinimum(byte* block, int group);

    /// <summary>The groups' scales and minimums with AVX2, a byte each in the order of groups: 16, or 8 in the lower halves.</summary>
    static abstract void Groups(byte* block, out Vector128<sbyte> scales, out Vector128<byte> minimums);

    /// <summary>Of 32 columns the first and the second 16 weights, the zero point subtracted.</summary>
    static abstract void Signed(byte* block, int part, out Vector128<sbyte> low, out Vector128<sbyte> high);

    /// <summary>Half of the weights with AVX2, 32 columns in each vector, the zero point not subtracted.</summary>
    static abstract void Weights(byte* block, int half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3);

    /// <summary>With AVX-512, what is read of four blocks together, a quarter of a vector for each.</summary>
    /// <param name="block">The first; the others follow it.</param>
    /// <param name="minimums">Where there are minimums: 16 of a block, or 8 in the upper half of its quarter.</param>
    /// <param name="halves">In four bytes for each block its scale and its minimums' scale; where there are no minimums, the scale in the upper two.</param>
    /// <returns>What <see cref="Scales"/> is given.</returns>
    static abstract Vector512<byte> Four(byte* block, out Vector512<byte> minimums, out Vector128<int> halves);

    /// <summary>A block's scales in the order of groups with AVX-512: where there are minimums, unsigned bytes, all zero from the sixteenth on; else 16-bit numbers.</summary>
    static abstract Vector512<byte> Scales(byte* block, Vector512<byte> four, int index);

    /// <summary>The weights of 64 columns with AVX-512, the zero point not subtracted.</summary>
    static abstract Vector512<byte> Weights(byte* block, int part);
}
