using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>A type's products from a tile source: one kernel for one activation row, weight row by weight row, and one for several, sixteen weight rows at a time.</summary>
/// <param name="leases">Those of <see cref="Layouts"/>.</param>
internal sealed unsafe class NativeRows(ITile[] leases) : INativeKernel
{
    /// <summary>Weight rows that are multiplied together with several activation rows.</summary>
    public const int Strip = 16;

    /// <summary>The most activation rows at once: their sums stay in the first-level cache.</summary>
    public const int Most = 32;

    // Eight lanes of sums for each activation row, or four and what a super-block needs.
    private const int ScratchBytes = 8 * Most * Vector, Vector = 64;

    private readonly nint _one = leases[0].EntryPoint, _several = leases[1].EntryPoint;

    /// <summary>From so many activation rows on, weight rows are taken sixteen at a time: 1 or 2.</summary>
    public int FewestTogether { get; set; } = 2;

    /// <summary>What they are made of.</summary>
    public string Description { get; } = leases[0].Description;

    /// <summary>The layouts of a type's kernels; docs/kernels-cpu-layouts.md says what they stand for.</summary>
    public static string[] Layouts(string quantization) => [$"cpu.row.{quantization}.r1", $"cpu.turned.{quantization}.r1"];

    /// <summary>The products with any number of activation rows; the arguments are those of <see cref="RowDotKernel.DotRows"/>.</summary>
    public void DotRows(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        if (count >= FewestTogether)
        {
            DotTogether(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
            return;
        }
        OneByOne(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
    }

    /// <summary>The same products, weight rows sixteen at a time whatever the number of activation rows is: for few columns, where each weight row alone is mostly its sum across a vector.</summary>
    public void DotTogether(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        if (rowCount >= Strip)
            Several(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
        else
            OneByOne(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(leases, l => l.Dispose());

    private void OneByOne(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        for (; count > 0; count--, activations += stride, output += outputStride)
            ((delegate* unmanaged[SuppressGCTransition]<byte*, nint, int, int, byte*, float*, void>)_one)(weights, rowBytes, rowCount, columns, activations, output);
    }

    // Parts are as even as can be. What is read of the stack's memory is written before.
    [SkipLocalsInit]
    private void Several(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        byte* room = stackalloc byte[ScratchBytes + Vector], scratch = (byte*)((nint)(room + Vector - 1) & -Vector);
        delegate* unmanaged[SuppressGCTransition]<byte*, nint, int, int, byte*, nint, float*, nint, int, byte*, void> several = (delegate* unmanaged[SuppressGCTransition]<byte*, nint, int, int, byte*, nint, float*, nint, int, byte*, void>)_several;
        int whole = rowCount & -Strip;
        for (int parts = (count + Most - 1) / Most; parts > 0; parts--)
        {
            int now = (count + parts - 1) / parts;
            several(weights, rowBytes, whole, columns, activations, stride, output, outputStride, now, scratch);
            // The last sixteen may begin among those before, and give the same bits again.
            if (whole < rowCount)
                several(weights + (rowCount - Strip) * rowBytes, rowBytes, Strip, columns, activations, stride, output + (rowCount - Strip), outputStride, now, scratch);
            count -= now;
            activations += now * stride;
            output += now * outputStride;
        }
    }
}
