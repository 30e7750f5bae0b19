namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Units of 32 columns of a strip of rows, as machine code reads them where they lie in memory; it may change all of it.</summary>
internal unsafe struct ColumnStrip
{
    /// <summary>The first unit's first line, at the first row.</summary>
    public byte* Words;

    /// <summary>Bytes from a line to the next.</summary>
    public nint Stride;

    /// <summary>The units' activations as bytes, in the type's order.</summary>
    public sbyte* Quants;

    /// <summary>The units' scales of the activations, and their scaled sums.</summary>
    public float* Steps, ActivationSums;

    /// <summary>The rows' sums so far in the first unit's lane.</summary>
    public float* Sums;

    /// <summary>Bytes from a lane to the next unit's.</summary>
    public nint LaneBytes;

    /// <summary>The rows' scales and their negated minimums, the same for all units.</summary>
    public float* Scales, Minimums;

    /// <summary>The line that is wanted behind the last unit's, perhaps past the weight's end: it may be asked for, and is not read.</summary>
    public byte* Next;

    /// <summary>Rows, and units.</summary>
    public int Rows, Units;
}
