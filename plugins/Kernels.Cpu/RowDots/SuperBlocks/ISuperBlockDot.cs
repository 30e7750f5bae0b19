using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>A super-block's exact integer parts; a type argument, so that the call vanishes.</summary>
internal unsafe interface ISuperBlockDot
{
    /// <summary>What it needs, for people to read.</summary>
    static abstract string Name { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Where the scale stands: a half, followed by the minimums' scale where there are minimums.</summary>
    static abstract int Scale { get; }

    /// <summary>True where minimums are subtracted.</summary>
    static abstract bool HasMinimums { get; }

    /// <summary>Σ scale · dot, in four parts.</summary>
    /// <param name="block">The weights.</param>
    /// <param name="q">256 activations.</param>
    /// <param name="sums16">Their sums of 16.</param>
    /// <param name="sums32">Their sums of 32.</param>
    /// <param name="offsets">Σ minimum · sum, in four parts.</param>
    static abstract Vector128<int> Dot(byte* block, sbyte* q, short* sums16, short* sums32, out Vector128<int> offsets);
}
