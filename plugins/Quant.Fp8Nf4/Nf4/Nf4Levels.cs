using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Quant.Fp8Nf4.Nf4;

/// <summary>The sixteen levels of NF4: quantiles of a normal distribution with 0 among them, scaled to ±1.</summary>
/// <remarks>https://arxiv.org/abs/2305.14314, appendix E</remarks>
internal static unsafe class Nf4Levels
{
    /// <summary>The levels by code, ascending.</summary>
    public static ReadOnlySpan<float> All =>
    [
        -1f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0f,
        0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1f,
    ];

    /// <summary>The code of the level nearest to a value within ±1; halfway the lower one.</summary>
    public static int Nearest(float value)
    {
        ReadOnlySpan<float> levels = All;
        int code = 0;
        while (code < levels.Length - 1 && value > (levels[code] + levels[code + 1]) / 2)
            code++;
        return code;
    }

    /// <summary>All levels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Vector512Of() => Vector512.Create(Low(), High());

    /// <summary>Levels 0 to 7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Low() =>
        Vector256.Create(-1f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0f);

    /// <summary>Levels 8 to 15.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> High() =>
        Vector256.Create(0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1f);

    /// <summary>The levels of eight packed bytes: the even columns from the high nibbles, the odd ones from the low.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pick(byte* packed, Vector256<float> low, Vector256<float> high, out Vector256<float> even, out Vector256<float> odd)
    {
        // The permutation reads three bits of an index; the fourth, moved to the sign, chooses the half.
        Vector256<int> bytes = Avx2.ConvertToVector256Int32(packed);
        Vector256<int> upper = bytes >> 4;
        even = Avx.BlendVariable(Avx2.PermuteVar8x32(low, upper), Avx2.PermuteVar8x32(high, upper), (bytes << 24).AsSingle());
        odd = Avx.BlendVariable(Avx2.PermuteVar8x32(low, bytes), Avx2.PermuteVar8x32(high, bytes), (bytes << 28).AsSingle());
    }
}
