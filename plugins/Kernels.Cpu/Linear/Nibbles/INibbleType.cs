using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>A type of four bits whose rows are nibbles, the low one of a byte first, with scales apart from them; a type argument, so that the calls vanish. Needs AVX2.</summary>
internal unsafe interface INibbleType
{
    /// <summary>The unsigned bytes, up to 31, that nibbles stand for.</summary>
    static abstract Vector256<byte> Values(Vector256<byte> nibbles);

    /// <summary>The scales and the negated minimums of eight groups of 32 columns.</summary>
    /// <param name="row">The row.</param>
    /// <param name="group">The first group, a multiple of 8.</param>
    /// <param name="scales">Value = scale · byte + minimum.</param>
    /// <param name="minimums">The negated minimums.</param>
    static abstract void Eight(in NibbleRow row, int group, out Vector256<float> scales, out Vector256<float> minimums);

    /// <summary>The same of one group.</summary>
    static abstract void One(in NibbleRow row, int group, out float scale, out float minimum);
}
