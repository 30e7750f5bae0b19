using System.Runtime.CompilerServices;
using Tessera.Kernels.Cpu.RowDots.Native;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>Products of rows of nibbles from a tile source.</summary>
/// <param name="lease">That of <see cref="NibbleForm.Layout"/>.</param>
internal sealed unsafe class NativeNibbles(ITile lease) : INativeKernel
{
    private readonly delegate* unmanaged[SuppressGCTransition]<Call*, void> _entry = (delegate* unmanaged[SuppressGCTransition]<Call*, void>)lease.EntryPoint;

    /// <summary>What it is made of.</summary>
    public string Description { get; } = lease.Description;

    /// <summary>What the kernel reads.</summary>
    internal struct Call
    {
        public byte* Weights, Scales, Others, Activations;
        public float* Output;
        public nint ScaleBytes, OtherBytes, OutputBytes;
        public int Groups, Rows, Count, Times, Shift;
    }

    /// <summary>Multiplies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Multiply(Call* call) => _entry(call);

    /// <inheritdoc/>
    public void Dispose() => lease.Dispose();
}
