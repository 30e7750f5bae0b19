using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>A type with blocks of 32 weights that start with a half-precision scale; a type argument, so that the calls vanish.</summary>
internal unsafe interface IBlock32
{
    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>True for scale · u + minimum, with the minimum in a second half; else scale · (u − 2^ZeroShift), or signed weights.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>True when the weights are signed bytes as they stand.</summary>
    static abstract bool IsSigned { get; }

    /// <summary>The zero point's exponent, for types that have one.</summary>
    static abstract int ZeroShift { get; }

    /// <summary>One weight, the zero point subtracted.</summary>
    static abstract int Weight(byte* block, int column);

    /// <summary>All weights in the order of columns, the zero point not subtracted.</summary>
    static abstract Vector256<byte> Weights(byte* block);
}
