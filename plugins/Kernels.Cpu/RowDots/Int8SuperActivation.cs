using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>
/// An activation row rounded to signed bytes, with one float scale d = max|x| / 127 for each 256 columns, so that a super-block's products with its integer
/// scales are one exact integer. Every section starts on a multiple of 64 bytes and is zero up to the next one:
/// <code>
/// sbyte q[columns]          round-to-nearest-even of x / d, within ±127
/// short sum16[columns / 16] Σq of 16 columns
/// short sum32[columns / 32] Σq of 32 columns
/// float d[columns / 256]
/// </code>
/// A block that holds a NaN or an infinity has q = 0 and a scale that is not finite, so that its dot products are NaN.
/// </summary>
internal static unsafe partial class Int8SuperActivation
{
    /// <summary>Columns that share a scale; a row is a multiple of this.</summary>
    public const int Block = 256;

    // Smaller blocks become zero: the inverse of their scale would overflow.
    private const float SmallestMaximum = 1e-30f;

    /// <summary>Bytes of a prepared row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Bytes(int columns) => ScaleOffset(columns) + Align(columns / Block * sizeof(float));

    /// <summary>Where the sums of 16 start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum16Offset(int columns) => columns;

    /// <summary>Where the sums of 32 start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum32Offset(int columns) => columns + Align(columns / 8);

    /// <summary>Where the scales start.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ScaleOffset(int columns) => Sum32Offset(columns) + Align(columns / 16);

    /// <summary>Prepares a row; every instruction set gives the same bytes.</summary>
    /// <param name="x">The activations.</param>
    /// <param name="columns">A multiple of 256.</param>
    /// <param name="destination">64-byte aligned, <see cref="Bytes"/> long.</param>
    /// <param name="isa">What may be used.</param>
    public static void Prepare(float* x, int columns, byte* destination, CpuIsa isa)
    {
        ClearPadding(columns, destination);
        if (isa.Avx2)
            PrepareAvx2(x, columns, destination);
        else
            PrepareScalar(x, columns, destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PrepareScalar(float* x, int columns, byte* destination)
    {
        sbyte* quants = (sbyte*)destination;
        short* sums16 = (short*)(destination + Sum16Offset(columns)), sums32 = (short*)(destination + Sum32Offset(columns));
        float* scales = (float*)(destination + ScaleOffset(columns));
        for (int block = 0; block < columns / Block; block++)
        {
            // Bits of |x| order as integers, with NaN above all.
            int bits = 0;
            for (int i = 0; i < Block; i++)
                bits = int.Max(bits, BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue);
            float maximum = BitConverter.Int32BitsToSingle(bits);
            scales[block] = maximum < SmallestMaximum ? 0 : maximum / 127;
            float inverse = maximum >= SmallestMaximum && float.IsFinite(maximum) ? 127 / maximum : 0;
            for (int group = 0; group < Block / 16; group++, x += 16, quants += 16, sums16++)
            {
                int sum = 0;
                for (int i = 0; i < 16; i++)
                    sum += quants[i] = inverse == 0 ? (sbyte)0 : (sbyte)MathF.Round(x[i] * inverse, MidpointRounding.ToEven);
                *sums16 = (short)sum;
                if (group % 2 == 1)
                    *sums32++ = (short)(sum + sums16[-1]);
            }
        }
    }

    private static void ClearPadding(int columns, byte* destination)
    {
        int start = Sum16Offset(columns);
        new Span<byte>(destination + start, Bytes(columns) - start).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Align(int bytes) => (bytes + 63) & ~63;
}
