using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A weight of four bits that is stored as the transposed matrix, so that a vector holds the same columns of several rows; a type argument, so that the calls vanish. Needs AVX2.</summary>
/// <remarks>Rows are taken in runs; within a run, vectors of eight rows have an order of the type's own.</remarks>
internal unsafe interface ITransposedWeight
{
    /// <summary>What it is written with.</summary>
    static abstract string InstructionSet { get; }

    /// <summary>Rows of a run.</summary>
    static abstract int Run { get; }

    /// <summary>Rows of a block are best a multiple of this.</summary>
    static abstract int BlockUnit { get; }

    /// <summary>Bytes of the integers of one column and eight rows, or of eight columns and eight rows where <see cref="Lines"/> says so.</summary>
    static abstract int EightBytes { get; }

    /// <summary>Lines of words for 32 columns.</summary>
    static abstract int Lines { get; }

    /// <summary>Whether rows are in their order, so that a run may begin anywhere.</summary>
    static abstract bool IsInOrder { get; }

    /// <summary>Rows of 64 bytes of a line, a multiple of <see cref="Run"/>, which machine code takes at once: within a run it has them in the same order.</summary>
    static abstract int LineRows { get; }

    /// <summary>Rows of the largest block of machine code: where it reads few lines at a time, sums that stay in the first-level cache are worth more to it than long lines.</summary>
    static abstract int NativeBlockRows { get; }

    /// <summary>Brings 32 signed bytes into the order in which <see cref="Dot"/> reads them.</summary>
    static abstract Vector256<sbyte> Order(Vector256<sbyte> quants);

    /// <summary>Adds the products of 32 columns.</summary>
    /// <param name="data">The columns' first line, at the first row.</param>
    /// <param name="stride">Bytes from a line to the next.</param>
    /// <param name="rows">Rows, a multiple of 8; the last run may be shorter.</param>
    /// <param name="quants">32 bytes from <see cref="Order"/>.</param>
    /// <param name="group">Takes the products.</param>
    /// <param name="held">Room for a short for each row of whole runs.</param>
    static abstract void Dot(byte* data, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* held);

    /// <summary>The zero points of the eight rows of a word, in their order.</summary>
    static abstract Vector256<int> Zeros(int word);

    /// <summary>Reads what belongs to a group's first rows in vectors of 512 bits and writes it in the order of the runs; the number of rows is its own. Needs AVX-512 BW.</summary>
    /// <param name="stored">The scales.</param>
    /// <param name="type">How they are stored.</param>
    /// <param name="zeros">The zero points.</param>
    /// <param name="zeroOffset">What is added to these.</param>
    /// <param name="rows">Rows, a multiple of 8.</param>
    /// <param name="scales">Takes the scales.</param>
    /// <param name="minimums">Takes the negated minimums.</param>
    static abstract int Factors(byte* stored, ScaleType type, byte* zeros, int zeroOffset, int rows, float* scales, float* minimums);

    /// <summary>Writes the floats of eight rows among those of all, which stand in the order of the runs.</summary>
    /// <param name="rows">The floats.</param>
    /// <param name="floats">Those of all rows, of whole runs.</param>
    /// <param name="row">The first row, a multiple of 8.</param>
    static abstract void Store(Vector256<float> rows, float* floats, int row);

    /// <summary>Reads what <see cref="Store"/> writes.</summary>
    static abstract Vector256<float> Load(float* floats, int row);
}
