namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>How <see cref="TurnedColumns"/> are made and multiplied; a type argument, so that the calls vanish.</summary>
internal unsafe interface ITurnedColumns
{
    /// <summary>What it is written with.</summary>
    static abstract string InstructionSet { get; }

    /// <summary>Rows of a strip, and twice the bytes of a column's line. Its halves have a half of each line.</summary>
    static abstract int Rows { get; }

    /// <summary>Shorts of a vector of sums: of each such stretch of rows four of the first half and four of the second take turns.</summary>
    static abstract int SumRows { get; }

    /// <summary>Bytes of what belongs to a group and a strip's rows, a multiple of 64.</summary>
    static abstract int FactorBytes { get; }

    /// <summary>Turns the words of eight columns of half a strip.</summary>
    /// <param name="words">The words, one for each row.</param>
    /// <param name="lines">Where all lines' halves start; the lines are 64-byte aligned.</param>
    /// <param name="places">The eight columns' lines, bytes from there.</param>
    static abstract void Turn(byte* words, byte* lines, int* places);

    /// <summary>Multiplies sixteen columns, as many as 16 bits hold the products of.</summary>
    /// <param name="lines">Where all lines start.</param>
    /// <param name="places">The columns' lines, bytes from there.</param>
    /// <param name="quants">What they are multiplied with, within ±127.</param>
    /// <param name="rows">Rows of the strip that are there; where they are no more than half, the other half is left out.</param>
    /// <param name="ahead">Words that are asked for meanwhile, as by <see cref="TurnedColumns.Ask"/>.</param>
    /// <param name="stride">Bytes from a line of words to the next.</param>
    /// <param name="sums">Takes a short for each row, in the order that <see cref="SumRows"/> says; 64-byte aligned.</param>
    static abstract void Multiply(byte* lines, int* places, sbyte* quants, int rows, byte* ahead, nint stride, short* sums);

    /// <summary>Reads what the products of a group are multiplied with and what is added to them.</summary>
    /// <param name="groups">The weight's groups.</param>
    /// <param name="group">The group.</param>
    /// <param name="row">The strip's first row.</param>
    /// <param name="rows">Rows of the strip that are there.</param>
    /// <param name="factors">Takes <see cref="FactorBytes"/>; 64-byte aligned.</param>
    static abstract void Read(in StoredGroups groups, int group, int row, int rows, byte* factors);

    /// <summary>Adds the products of two times sixteen columns to the sums of rows, as <see cref="TransposedGroup"/> does.</summary>
    /// <param name="step">The activations' scale.</param>
    /// <param name="sum">Their scaled sum.</param>
    /// <param name="factors">The group's.</param>
    /// <param name="products">Those from <see cref="Multiply"/>, of the strip's rows and then again.</param>
    /// <param name="sums">The rows' sums so far.</param>
    /// <param name="rows">Rows of the strip that are there.</param>
    static abstract void Add(float step, float sum, byte* factors, short* products, float* sums, int rows);
}
