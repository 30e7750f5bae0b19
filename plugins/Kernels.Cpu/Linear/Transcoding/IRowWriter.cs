namespace Tessera.Kernels.Cpu.Linear.Transcoding;

/// <summary>Writes unpacked rows in another form; from several threads at once, each with rows of its own.</summary>
internal unsafe interface IRowWriter
{
    /// <summary>Writes rows, whose values are scale · u − minimum.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rowCount">Their number.</param>
    /// <param name="values">A byte for each column of each row.</param>
    /// <param name="scales">A float for each group of 32 columns.</param>
    /// <param name="minimums">The same.</param>
    /// <returns>False where the form does not hold one of them; what is written then is of no use.</returns>
    bool TryWrite(long firstRow, int rowCount, byte* values, float* scales, float* minimums);
}
