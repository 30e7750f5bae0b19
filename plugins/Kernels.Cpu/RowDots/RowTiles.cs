using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>A tile in the two forms that a <see cref="RowDotKernel"/> has.</summary>
internal static unsafe class RowTiles<TTile>
    where TTile : struct, IRowTile
{
    /// <summary>One activation row.</summary>
    public static void Dot(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output) =>
        TTile.Multiply<OneRow>(weights, rowBytes, rowCount, columns, activation, 0, output, 0);

    /// <summary>Any number of activation rows, four at a time.</summary>
    public static void DotRows(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        for (; count >= 4; count -= 4, activations += 4 * stride, output += 4 * outputStride)
            TTile.Multiply<FourRows>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
        if (count == 3)
            TTile.Multiply<ThreeRows>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
        else if (count == 2)
            TTile.Multiply<TwoRows>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
        else if (count == 1)
            TTile.Multiply<OneRow>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
    }
}
