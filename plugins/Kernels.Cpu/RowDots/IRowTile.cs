using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>The dot products of weight rows with a few activation rows, each weight unpacked once; a type argument, so that the call is direct.</summary>
internal unsafe interface IRowTile
{
    /// <summary>The most activation rows at once: as many as the registers hold the sums of.</summary>
    static abstract int MostRows { get; }

    /// <summary>Writes the products. Each is computed in the same order whatever the counts are.</summary>
    /// <param name="weights">Weight rows at any address.</param>
    /// <param name="rowBytes">Bytes from one to the next.</param>
    /// <param name="rowCount">The number of weight rows.</param>
    /// <param name="columns">A multiple of the type's block.</param>
    /// <param name="activations">Prepared rows, 64-byte aligned.</param>
    /// <param name="stride">Bytes from one to the next.</param>
    /// <param name="output">Where the first activation row's products go.</param>
    /// <param name="outputStride">Floats from one activation row's products to the next.</param>
    static abstract void Multiply<TRows>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, float* output, nint outputStride)
        where TRows : struct, ICount;
}
