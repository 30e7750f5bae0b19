using System.Numerics;
using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>The signs of the codebook types: bit i of 32 is set where weight i is negative.</summary>
internal static partial class Signs
{
    /// <summary>Completes seven signs in each byte by an eighth, so that the number of negative ones is even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Even(uint sevens)
    {
        // Folds each byte onto its lowest bit; what comes in from the byte above does not reach it.
        uint fold = sevens ^ sevens >> 4;
        fold ^= fold >> 2;
        fold ^= fold >> 1;
        return sevens | (fold & 0x01010101) << 7;
    }

    /// <summary>As <see cref="Even"/>, of four times seven bits one after the other; what is above them is ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint EvenOfPacked(uint packed) =>
        Even(packed & 0x7f | (packed & 0x3f80) << 1 | (packed & 0x1fc000) << 2 | (packed & 0xfe00000) << 3);

    /// <summary>The sign of weight <paramref name="place"/> of eight, whose seven signs are given.</summary>
    public static int OfSeven(uint seven, int place)
    {
        seven &= 0x7f;
        return ((place < 7 ? seven >> place : (uint)BitOperations.PopCount(seven)) & 1) == 0 ? 1 : -1;
    }
}
