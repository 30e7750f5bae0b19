using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml.Codebooks;

/// <summary>The trits of the IQ1 types with their shift by an eighth: t ± 1/8, in eighths.</summary>
internal static class Iq1Levels
{
    /// <summary>The greatest level; the least is its negative.</summary>
    public const int Greatest = 9;

    /// <summary>The value of a step. Scaling by it is exact, so values are the reference's scale · (t ± 1/8) bit for bit.</summary>
    public const float Unit = 1f / 8;

    private const ulong Down = 0x0404040404040404;

    /// <summary>The levels of two entries of eight trits, each shifted up or down.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Of(ushort first, bool firstDown, ushort second, bool secondDown)
    {
        // −1, 0 and 1, shifted up, then down.
        Vector128<sbyte> levels = Vector128.Create(-7, 1, Greatest, 0, -Greatest, -1, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        Vector128<byte> down = Vector128.Create(firstDown ? Down : 0, secondDown ? Down : 0).AsByte();
        return Vector128.Shuffle(levels, (Nibbles.SpreadTwoBits(first, second) | down).AsSByte());
    }
}
