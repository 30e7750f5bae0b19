using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Weights that are floats of some width; a type argument, so that the calls vanish.</summary>
internal unsafe interface IFloatWeight
{
    /// <summary>Bytes of a weight.</summary>
    static abstract int Bytes { get; }

    /// <summary>One weight.</summary>
    static abstract float Load1(byte* address);

    /// <summary>Four weights.</summary>
    static abstract Vector128<float> Load4(byte* address);

    /// <summary>Eight weights, with AVX2.</summary>
    static abstract Vector256<float> Load8(byte* address);

    /// <summary>Sixteen weights, with AVX-512.</summary>
    static abstract Vector512<float> Load16(byte* address);
}
