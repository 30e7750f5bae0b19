using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>Where the parts of a weight whose rows are nibbles stand.</summary>
internal sealed unsafe class NibbleRows
{
    private readonly Vector256<byte> _picks;

    /// <summary>Says where they stand.</summary>
    /// <param name="kind">What its values and its minimums are.</param>
    /// <param name="type">How its floats are stored.</param>
    /// <param name="times">Groups of 32 columns that share a scale: 1, 2, 4 or a multiple of 8.</param>
    /// <param name="columns">Columns of a row, a multiple of 32.</param>
    /// <param name="data">The first row's nibbles.</param>
    /// <param name="scales">The first row's scales.</param>
    /// <param name="rowScales">Bytes from a row's scales to the next row's.</param>
    /// <param name="others">The first row's biases or zero points, or null.</param>
    public NibbleRows(NibbleKind kind, ScaleType type, int times, int columns, byte* data, byte* scales, long rowScales, byte* others)
    {
        (Kind, Type, Times, Columns, RowScales) = (kind, type, times, columns, rowScales);
        Data = data;
        Scales = scales;
        Others = others;
        OtherStride = kind == NibbleKind.Zeros ? sizeof(int) * Math.Max(1, columns / Int8Activation.Group / times) : rowScales;
        _picks = StoredScale.Picks(type, times);
    }

    /// <summary>What its values and its minimums are.</summary>
    public NibbleKind Kind { get; }

    /// <summary>How its floats are stored.</summary>
    public ScaleType Type { get; }

    /// <summary>Groups of 32 columns that share a scale.</summary>
    public int Times { get; }

    /// <summary>Columns of a row.</summary>
    public int Columns { get; }

    /// <summary>The first row's nibbles.</summary>
    public byte* Data { get; }

    /// <summary>The first row's scales.</summary>
    public byte* Scales { get; }

    /// <summary>Bytes from a row's scales to the next row's.</summary>
    public long RowScales { get; }

    /// <summary>The first row's biases or zero points, or null.</summary>
    public byte* Others { get; }

    /// <summary>Bytes from those of a row, or of eight rows, to the next ones.</summary>
    public long OtherStride { get; }

    /// <summary>A row's biases, or the words with its zero points.</summary>
    public byte* OthersOf(int row) => Others == null ? null : Others + (Kind == NibbleKind.Zeros ? row / NibbleRow.PerWord : row) * OtherStride;

    /// <summary>Where a row's scales stand.</summary>
    public NibbleRow Row(int row) => new(Scales + row * RowScales, OthersOf(row), Type, Times, _picks, NibbleRow.ShiftOf(row));
}
