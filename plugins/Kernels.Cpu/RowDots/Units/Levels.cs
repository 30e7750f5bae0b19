namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>The levels that four bits name.</summary>
internal static partial class Levels
{
    private static ReadOnlySpan<sbyte> AllIq4 => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    // E2M1 floats, doubled to be integers.
    private static ReadOnlySpan<sbyte> AllFp4 => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>One level of IQ4_NL and IQ4_XS.</summary>
    public static sbyte Iq4Of(int code) => AllIq4[code];

    /// <summary>Twice a level of MXFP4 and NVFP4.</summary>
    public static sbyte Fp4Of(int code) => AllFp4[code];
}
