namespace Tessera.Kernels.Cpu.RowDots.Native;

/// <summary>A type's row dots from a tile source, one kernel for each number of activation rows up to <see cref="Most"/>.</summary>
/// <param name="leases">Of one row, two rows, and so on.</param>
internal sealed unsafe class NativeRows(ITile[] leases) : IDisposable
{
    /// <summary>Activation rows of the largest kernel.</summary>
    public const int Most = 5;

    private readonly nint[] _entries = [.. leases.Select(l => l.EntryPoint)];

    /// <summary>What they are made of.</summary>
    public string Description { get; } = leases[0].Description;

    /// <summary>The layout of a type's kernel for so many activation rows; docs/kernels-cpu-layouts.md says what it stands for.</summary>
    public static string Layout(string quantization, int count) => $"cpu.rows.{quantization}.n{count}.r1";

    /// <summary>The products with any number of activation rows; the arguments are those of <see cref="RowDotKernel.DotRows"/>.</summary>
    public void DotRows(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        while (count > 0)
        {
            int now = Math.Min(count, Most);
            ((delegate* unmanaged[SuppressGCTransition]<byte*, nint, int, int, byte*, nint, float*, nint, void>)_entries[now - 1])(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
            count -= now;
            activations += now * stride;
            output += now * outputStride;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(leases, l => l.Dispose());
}
