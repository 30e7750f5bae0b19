namespace Tessera.Kernels.Cpu.Plan;

/// <summary>Where a value's rows stand. Values whose lives do not overlap share memory.</summary>
internal sealed unsafe class ValueBuffer(int width, int firstStage)
{
    /// <summary>Floats of a row.</summary>
    public int Width { get; } = width;

    /// <summary>Floats from a row to the next: rows are 64-byte aligned.</summary>
    public int Stride { get; } = checked((width + 15) & ~15);

    /// <summary>The stage that writes it first.</summary>
    public int FirstStage { get; } = firstStage;

    /// <summary>The last stage that reads or writes it.</summary>
    public int LastStage { get; set; } = firstStage;

    /// <summary>The first row; set when the plan's memory is.</summary>
    public float* Data { get; set; }

    /// <summary>A row.</summary>
    public float* Row(int row) => Data + (long)row * Stride;
}
