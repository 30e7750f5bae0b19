namespace Tessera.Kernels.Cpu.RowDots.Units;

/// <summary>A type whose weights are scale · q with signed bytes q, in units of 256 columns; the last unit of a row may be shorter. A type argument, so that the calls vanish.</summary>
internal unsafe interface IUnit
{
    /// <summary>Bytes of 256 columns.</summary>
    static abstract int Bytes { get; }

    /// <summary>True where 16 columns share a scale; else 32 do.</summary>
    static abstract bool HasSixteens { get; }

    /// <summary>Weights are at least −2 to this power, and less than 2 to it: 3, 4 or 7.</summary>
    static abstract int ZeroShift { get; }

    /// <summary>What the type looks up its weights in, or null; asked for once per call of a kernel.</summary>
    static abstract byte* Table();

    /// <summary>Unpacks up to eight groups of 32 columns with AVX2; reads nothing beyond them.</summary>
    /// <param name="unit">The first group's bytes, at any address.</param>
    /// <param name="groups">One to eight.</param>
    /// <param name="table">From <see cref="Table"/>.</param>
    /// <param name="weights">32-byte aligned, 256 bytes.</param>
    /// <param name="scales">16 floats.</param>
    static abstract void Unpack(byte* unit, int groups, byte* table, sbyte* weights, float* scales);

    /// <summary>The same in portable code.</summary>
    static abstract void UnpackScalar(byte* unit, int groups, byte* table, sbyte* weights, float* scales);
}
