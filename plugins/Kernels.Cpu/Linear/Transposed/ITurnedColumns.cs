namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>How <see cref="TurnedColumns"/> are made and multiplied; a type argument, so that the calls vanish.</summary>
internal unsafe interface ITurnedColumns
{
    /// <summary>Shorts of a vector of sums: the rows of each such stretch are in fours, first all those of its first half, then of its second, as they take turns in 128 bits.</summary>
    static abstract int SumRows { get; }

    /// <summary>Turns a strip's words of eight columns.</summary>
    /// <param name="words">The words, one for each row.</param>
    /// <param name="lines">Where all lines start, 64-byte aligned.</param>
    /// <param name="places">The eight columns' lines, bytes from there.</param>
    static abstract void Turn(byte* words, byte* lines, int* places);

    /// <summary>Multiplies sixteen columns, as many as 16 bits hold the products of.</summary>
    /// <param name="lines">Where all lines start.</param>
    /// <param name="places">The columns' lines, bytes from there.</param>
    /// <param name="quants">What they are multiplied with, within ±127.</param>
    /// <param name="rows">Rows of the strip that are there; the others may be left out.</param>
    /// <param name="ahead">Words that are asked for meanwhile, as by <see cref="TurnedColumns.Ask"/>.</param>
    /// <param name="stride">Bytes from a line of words to the next.</param>
    /// <param name="sums">Takes a short for each row, in the order that <see cref="SumRows"/> says; 64-byte aligned.</param>
    static abstract void Multiply(byte* lines, int* places, sbyte* quants, int rows, byte* ahead, nint stride, short* sums);

    /// <summary>Adds the products of two times sixteen columns to the sums of rows.</summary>
    /// <param name="group">What they are multiplied with, and where they are added.</param>
    /// <param name="first">Products from <see cref="Multiply"/>.</param>
    /// <param name="second">The other columns'.</param>
    /// <param name="rows">Rows of the strip that are there.</param>
    static abstract void Add(in TransposedGroup group, short* first, short* second, int rows);
}
