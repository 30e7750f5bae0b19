using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml.Codebooks;

/// <summary>The three magnitudes of the IQ2 types.</summary>
internal static class Iq2Levels
{
    /// <summary>The greatest magnitude.</summary>
    public const int Greatest = 43;

    /// <summary>The magnitudes by code, for <see cref="Codebook.OfTwoBits"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Vector() => Vector128.Create((byte)8, 25, Greatest, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
