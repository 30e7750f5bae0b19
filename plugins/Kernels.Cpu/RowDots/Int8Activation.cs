using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>
/// An activation row rounded to signed bytes, with a float scale d = max|x| / 127 for each group of 32 columns.
/// Every section starts on a multiple of 64 bytes and is zero up to the next one:
/// <code>
/// sbyte q[columns]               round-to-nearest-even of x / d, within ±127
/// int   negatedSum4[columns / 4] −Σq of 4 columns: times a zero point, what a symmetric type's integer dot starts from
/// float d[columns / 32]
/// float dSum32[columns / 32]     d · Σq of the group: what a type with minimums multiplies them with
/// int   negatedSum[columns / 32] −Σq of the group
/// </code>
/// A group that holds a NaN or an infinity has q = 0 and a scale that is not finite, so that its dot products are NaN.
/// </summary>
internal static unsafe partial class Int8Activation
{
    /// <summary>Columns that share a scale; a row is a multiple of this.</summary>
    public const int Group = 32;

    // Smaller groups become zero: the inverse of their scale would overflow.
    private const float SmallestMaximum = 1e-30f;

    /// <summary>Bytes of a prepared row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int columns) => NegatedSumOffset(columns) + Align(columns / 8);

    /// <summary>Where the negated sums of 4 start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NegatedSum4Offset(int columns) => Align(columns);

    /// <summary>Where the scales start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleOffset(int columns) => 2 * Align(columns);

    /// <summary>Where the scaled sums of 32 start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SumOffset(int columns) => ScaleOffset(columns) + Align(columns / 8);

    /// <summary>Where the negated sums of 32 start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NegatedSumOffset(int columns) => SumOffset(columns) + Align(columns / 8);

    /// <summary>Prepares a row; every instruction set gives the same bytes.</summary>
    /// <param name="x">The activations.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="destination">64-byte aligned, <see cref="Bytes"/> long.</param>
    /// <param name="isa">What may be used.</param>
    public static void Prepare(float* x, int columns, byte* destination, CpuIsa isa)
    {
        if (isa.Avx2)
            PrepareAvx2(x, columns, destination);
        else
            PrepareScalar(x, columns, destination);
        ClearPadding(columns, destination);
    }

    private static void ClearPadding(int columns, byte* destination)
    {
        int quants = Align(columns), scales = Align(columns / 8), used = columns / 8;
        new Span<byte>(destination + columns, quants - columns).Clear();
        new Span<byte>(destination + quants + columns, quants - columns).Clear();
        new Span<byte>(destination + 2 * quants + used, scales - used).Clear();
        new Span<byte>(destination + 2 * quants + scales + used, scales - used).Clear();
        new Span<byte>(destination + 2 * quants + 2 * scales + used, scales - used).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Align(int bytes) => (bytes + 63) & ~63;
}
