using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>Where a row's scales stand.</summary>
/// <param name="scales">The row's first scale.</param>
/// <param name="others">What else belongs to each scale: the row's first bias, or the first word with its zero point; null: nothing.</param>
/// <param name="type">How floats are stored.</param>
/// <param name="times">Groups of 32 columns that share a scale: 1, 2, 4 or a multiple of 8.</param>
/// <param name="picks"><see cref="StoredScale.Picks"/> of both.</param>
/// <param name="shift">Where the zero point stands in its word.</param>
internal readonly unsafe struct NibbleRow(byte* scales, byte* others, ScaleType type, int times, Vector256<byte> picks, int shift)
{
    /// <summary>Rows whose zero points share a word.</summary>
    public const int PerWord = 8;

    private const int ZeroBits = 4;

    /// <summary>Where a row's zero point stands in its word.</summary>
    public static int ShiftOf(int row) => row % PerWord * ZeroBits;

    /// <summary>The row's first scale.</summary>
    public byte* Scales { get; } = scales;

    /// <summary>The row's first bias or zero point.</summary>
    public byte* Others { get; } = others;

    /// <summary>Where the zero point stands in its word.</summary>
    public int Shift { get; } = shift;

    /// <summary>Groups of 32 columns that share a scale.</summary>
    public int Times { get; } = times;

    private readonly ScaleType _type = type;
    private readonly Vector256<byte> _picks = picks;

    /// <summary>The floats of eight groups from an array of the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<float> Eight(byte* floats, int group) => StoredScale.Spread(floats, group, Times, _type, _picks);

    /// <summary>The float of one group from an array of the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float One(byte* floats, int group) => StoredScale.One(floats, group / Times, _type);
}
