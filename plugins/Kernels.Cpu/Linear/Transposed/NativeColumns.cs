using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Products of 32 columns from a tile source.</summary>
/// <param name="lease">That of <see cref="Layout"/>.</param>
internal sealed unsafe class NativeColumns(ITile lease) : INativeKernel
{
    private readonly delegate* unmanaged[SuppressGCTransition]<byte*, nint, int, sbyte*, TransposedGroup*, int*, void> _dot =
        (delegate* unmanaged[SuppressGCTransition]<byte*, nint, int, sbyte*, TransposedGroup*, int*, void>)lease.EntryPoint;

    /// <inheritdoc/>
    public string Description { get; } = lease.Description;

    /// <summary>The layout of a type's kernel; docs/kernels-cpu-layouts.md says what it stands for.</summary>
    public static string Layout(string quantization) => $"cpu.columns.{quantization}.r1";

    /// <summary>As <see cref="ITransposedWeight.Dot"/>, of whole <see cref="ITransposedWeight.NativeRun"/>s.</summary>
    public void Dot(byte* data, nint stride, int rows, sbyte* quants, TransposedGroup group, int* held) => _dot(data, stride, rows, quants, &group, held);

    /// <inheritdoc/>
    public void Dispose() => lease.Dispose();
}
