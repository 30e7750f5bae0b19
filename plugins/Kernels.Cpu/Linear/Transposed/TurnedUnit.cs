namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A unit of which <see cref="TurnedProducts{TSimd, TInt, TFloat}"/> multiplies a part with an activation row.</summary>
internal readonly unsafe struct TurnedUnit
{
    /// <summary>Whether the part is the unit's first.</summary>
    public bool Starts { get; init; }

    /// <summary>Whether the part is the unit's last.</summary>
    public bool Ends { get; init; }

    /// <summary>The sum of the unit's activations.</summary>
    public int Quants { get; init; }

    /// <summary>Where the unit's sums are between its parts, a short for each of the strip's rows; 64-byte aligned.</summary>
    public short* Held { get; init; }

    /// <summary>The activations' scale.</summary>
    public float Step { get; init; }

    /// <summary>The activations' scaled sum.</summary>
    public float Sum { get; init; }

    /// <summary>The group's scales and zero points; of the last part.</summary>
    public byte* Factors { get; init; }

    /// <summary>The rows' sums so far, to which the last part adds the unit's.</summary>
    public float* Sums { get; init; }
}
