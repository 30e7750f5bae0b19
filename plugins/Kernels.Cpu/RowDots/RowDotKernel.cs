namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>The dot products of consecutive weight rows, straight from the file's bytes, with one prepared activation row.</summary>
/// <param name="quantization">The weights' quantization id.</param>
/// <param name="form">How the activation row is prepared.</param>
/// <param name="instructionSet">What the kernel uses, for people to read.</param>
/// <param name="dot">The kernel.</param>
internal unsafe readonly struct RowDotKernel(
    string quantization,
    ActivationForm form,
    string instructionSet,
    delegate*<byte*, nint, int, int, byte*, float*, void> dot)
{
    /// <summary>The weights' quantization id.</summary>
    public string Quantization { get; } = quantization;

    /// <summary>How the activation row is prepared.</summary>
    public ActivationForm Form { get; } = form;

    /// <summary>What the kernel uses, such as <c>avx2</c>.</summary>
    public string InstructionSet { get; } = instructionSet;

    /// <summary>(weights, rowBytes, rowCount, columns, activation, output): weights of any address, the activation 64-byte aligned, columns a multiple of the type's block. A row's result does not depend on <c>rowCount</c>. Weight bytes beyond the last row are prefetched, never read.</summary>
    public delegate*<byte*, nint, int, int, byte*, float*, void> Dot { get; } = dot;
}
