namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>The products of a weight's rows of nibbles.</summary>
internal abstract unsafe class NibbleKernel
{
    /// <summary>The most activation rows that weights are unpacked for at once.</summary>
    public const int Most = 3;

    /// <summary>Bytes that it needs.</summary>
    public abstract long ScratchBytes { get; }

    /// <summary>As <see cref="LinearKernel.Multiply"/>, with up to <see cref="Most"/> activation rows.</summary>
    public abstract void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int count, float* output, long outputStride);
}
