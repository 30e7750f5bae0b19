using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Quant.Ggml.Codebooks;

/// <summary>The sixteen E2M1 floats of MXFP4 and NVFP4, doubled to be integers.</summary>
/// <remarks>https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf</remarks>
internal static class Fp4Levels
{
    /// <summary>The greatest level; the least is its negative.</summary>
    public const int Greatest = 12;

    /// <summary>The levels by code.</summary>
    public static ReadOnlySpan<sbyte> All => [0, 1, 2, 3, 4, 6, 8, Greatest, 0, -1, -2, -3, -4, -6, -8, -Greatest];

    /// <summary>The levels, to pick from by nibbles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Vector() => Vector128.Create(0, 1, 2, 3, 4, 6, 8, Greatest, 0, -1, -2, -3, -4, -6, -8, -Greatest);

    /// <summary>The first code of those whose level, scaled, is nearest to a value.</summary>
    public static int Nearest(float value, float scale)
    {
        ReadOnlySpan<sbyte> levels = All;
        int nearest = 0;
        float least = MathF.Abs(value);
        for (int code = 1; code < levels.Length; code++)
        {
            float error = MathF.Abs(levels[code] * scale - value);
            if (error < least)
                (nearest, least) = (code, error);
        }
        return nearest;
    }
}
