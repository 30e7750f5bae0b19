using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml.Codebooks;

/// <summary>The sixteen levels of IQ4_NL and IQ4_XS: denser around zero, as weights are.</summary>
internal static class Iq4Levels
{
    /// <summary>The first level.</summary>
    public const int Least = -127;

    /// <summary>The last level.</summary>
    public const int Greatest = 113;

    /// <summary>The levels, ascending.</summary>
    public static ReadOnlySpan<sbyte> All => [Least, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, Greatest];

    /// <summary>The levels, to pick from by nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Vector() => Vector128.Create(Least, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, Greatest);

    /// <summary>The number of the level nearest to a value; halfway the upper one.</summary>
    public static int Nearest(float value)
    {
        ReadOnlySpan<sbyte> levels = All;
        int upper = 1;
        while (upper < levels.Length - 1 && value >= levels[upper])
            upper++;
        return value - levels[upper - 1] < levels[upper] - value ? upper - 1 : upper;
    }
}
