using System.Runtime.Intrinsics;

namespace Tessera.Quant.Fp8Nf4.Fp8;

/// <summary>A float of a sign, an exponent and a mantissa in eight bits; a type argument, so that the calls vanish.</summary>
/// <remarks>https://www.opencompute.org/documents/ocp-8-bit-floating-point-specification-ofp8-revision-1-0-2023-12-01-pdf-1</remarks>
internal interface IFp8Format
{
    /// <summary>The quantization's id.</summary>
    static abstract string Id { get; }

    /// <summary>Bits of the mantissa.</summary>
    static abstract int MantissaBits { get; }

    /// <summary>What the exponent's bits are above the exponent.</summary>
    static abstract int Bias { get; }

    /// <summary>The largest finite magnitude's bits; those above it are infinities and NaNs.</summary>
    static abstract byte Largest { get; }

    /// <summary>The bits that stand for infinity, or for NaN where the format has no infinity.</summary>
    static abstract byte Infinity { get; }

    /// <summary>What must be added to the lower byte of a bfloat16 that was made as if the magnitude 0–15 were a normal number.</summary>
    static abstract Vector256<byte> LowCorrection { get; }

    /// <summary>The same for the upper byte.</summary>
    static abstract Vector256<byte> HighCorrection { get; }
}
