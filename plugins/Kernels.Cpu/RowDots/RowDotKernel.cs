namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>The dot products of consecutive weight rows, straight from the file's bytes, with prepared activation rows.</summary>
/// <param name="quantization">The weights' quantization id.</param>
/// <param name="form">How an activation row is prepared.</param>
/// <param name="instructionSet">What the kernel uses, for people to read.</param>
/// <param name="dot">The kernel for one activation row.</param>
/// <param name="dotRows">The kernel for several; null where one by one is all there is.</param>
/// <param name="together">The most activation rows that it reads the weights once for.</param>
/// <param name="strips">The kernel for any number of activation rows that takes several weight rows together; null where there is none.</param>
internal unsafe readonly struct RowDotKernel(
    string quantization,
    ActivationForm form,
    string instructionSet,
    delegate*<byte*, nint, int, int, byte*, float*, void> dot,
    delegate*<byte*, nint, int, int, byte*, nint, int, float*, nint, void> dotRows = null,
    int together = 1,
    delegate*<byte*, nint, int, int, byte*, nint, int, float*, nint, void> strips = null)
{
    private readonly delegate*<byte*, nint, int, int, byte*, nint, int, float*, nint, void> _dotRows = dotRows, _strips = strips;

    /// <summary>The weights' quantization id.</summary>
    public string Quantization { get; } = quantization;

    /// <summary>How an activation row is prepared.</summary>
    public ActivationForm Form { get; } = form;

    /// <summary>What the kernel uses, such as <c>avx2</c>.</summary>
    public string InstructionSet { get; } = instructionSet;

    /// <summary>The most activation rows that weights are read once for.</summary>
    public int Together { get; } = together;

    /// <summary>(weights, rowBytes, rowCount, columns, activation, output): weights of any address, the activation 64-byte aligned, columns a multiple of the type's block. A row's result does not depend on <c>rowCount</c>. Weight bytes beyond the last row are prefetched, never read.</summary>
    public delegate*<byte*, nint, int, int, byte*, float*, void> Dot { get; } = dot;

    /// <summary>The products with any number of activation rows; each is bitwise what <see cref="Dot"/> gives.</summary>
    /// <param name="weights">Weight rows.</param>
    /// <param name="rowBytes">Bytes from one to the next.</param>
    /// <param name="rowCount">The number of weight rows.</param>
    /// <param name="columns">The length of a row.</param>
    /// <param name="activations">Prepared rows.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="count">The number of activation rows.</param>
    /// <param name="output">Where the first activation row's products go.</param>
    /// <param name="outputStride">Floats from one activation row's products to the next.</param>
    public void DotRows(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        if (_dotRows != null)
        {
            _dotRows(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
            return;
        }
        for (; count > 0; count--, activations += stride, output += outputStride)
            Dot(weights, rowBytes, rowCount, columns, activations, output);
    }

    /// <summary>The same products, weight rows several at a time whatever the number of activation rows is: for few columns, where each weight row alone is mostly its sum across a vector.</summary>
    public void DotTogether(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        if (_strips != null)
            _strips(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
        else
            DotRows(weights, rowBytes, rowCount, columns, activations, stride, count, output, outputStride);
    }

    /// <summary>Compiles every form now, by products of weight rows without columns, so that no step waits for it.</summary>
    public void Compile()
    {
        const int rows = 8, apart = 5;
        float* output = stackalloc float[rows * Math.Max(apart, Together)];
        Dot(null, 0, 0, 0, null, null);
        for (int count = 1; count <= apart; count++)
            DotRows(null, 0, rows, 0, null, 0, count, output, rows);
        DotRows(null, 0, rows, 0, null, 0, Together, output, rows);
        DotTogether(null, 0, rows, 0, null, 0, 1, output, rows);
    }
}
