namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>Dot products of eight weight rows at a time; a type argument, so that the calls are direct.</summary>
internal unsafe interface IEightRows
{
    /// <summary>From so many activation rows on, this is faster than weight row by weight row; measured on Zen 3.</summary>
    static abstract int Least { get; }

    /// <summary>Eight weight rows with up to <see cref="EightRows.Most"/> activation rows; each product is bitwise what one activation row alone gives.</summary>
    /// <param name="weights">The first weight row.</param>
    /// <param name="rowBytes">Bytes from one to the next.</param>
    /// <param name="columns">A multiple of the type's block.</param>
    /// <param name="activations">Prepared rows.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="count">The number of activation rows.</param>
    /// <param name="output">Where the first activation row's eight products go.</param>
    /// <param name="outputStride">Floats from one activation row's products to the next.</param>
    static abstract void Multiply(byte* weights, nint rowBytes, int columns, byte* activations, nint stride, int count, float* output, nint outputStride);
}
