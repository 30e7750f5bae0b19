using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Products of units of 32 columns from a tile source, and what it makes of their scales.</summary>
/// <param name="columns">The lease of the first of <see cref="Layouts"/>.</param>
/// <param name="factors">That of the second.</param>
internal sealed unsafe class NativeColumns(ITile columns, ITile factors) : INativeKernel
{
    private readonly delegate* unmanaged[SuppressGCTransition]<ColumnStrip*, void> _multiply = (delegate* unmanaged[SuppressGCTransition]<ColumnStrip*, void>)columns.EntryPoint;
    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, int, float*, float*, void> _factors =
        (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int, int, float*, float*, void>)factors.EntryPoint;

    /// <summary>What the products are made of.</summary>
    public string Description { get; } = columns.Description;

    /// <summary>The layouts of a type's kernels; docs/kernels-cpu-layouts.md says what they stand for.</summary>
    public static string[] Layouts(string quantization) => [$"cpu.columns.{quantization}.r3", $"cpu.factors.{quantization}.r1"];

    /// <summary>Adds a strip's products to its sums; its rows are whole <see cref="ITransposedWeight.LineRows"/>s.</summary>
    public void Multiply(ColumnStrip strip) => _multiply(&strip);

    /// <summary>As <see cref="ITransposedWeight.Factors"/>, of whole <see cref="ITransposedWeight.LineRows"/>s, of scales that are halves.</summary>
    public void Factors(byte* stored, byte* zeros, int zeroOffset, int rows, float* scales, float* minimums) => _factors(stored, zeros, zeroOffset, rows, scales, minimums);

    /// <inheritdoc/>
    public void Dispose()
    {
        columns.Dispose();
        factors.Dispose();
    }
}
