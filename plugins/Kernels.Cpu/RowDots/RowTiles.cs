using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots;

/// <summary>A tile in the two forms that a <see cref="RowDotKernel"/> has.</summary>
internal static unsafe class RowTiles<TTile>
    where TTile : struct, IRowTile
{
    /// <summary>One activation row.</summary>
    public static void Dot(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output) =>
        TTile.Multiply<Count1>(weights, rowBytes, rowCount, columns, activation, 0, output, 0);

    /// <summary>Any number of activation rows, in parts that are as even as can be.</summary>
    public static void DotRows(byte* weights, nint rowBytes, int rowCount, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        for (int parts = (count + TTile.MostRows - 1) / TTile.MostRows; parts > 0; parts--)
        {
            int rows = (count + parts - 1) / parts;
            switch (rows)
            {
                case 1:
                    TTile.Multiply<Count1>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
                    break;
                case 2:
                    TTile.Multiply<Count2>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
                    break;
                case 3:
                    TTile.Multiply<Count3>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
                    break;
                case 4:
                    TTile.Multiply<Count4>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
                    break;
                default:
                    TTile.Multiply<Count5>(weights, rowBytes, rowCount, columns, activations, stride, output, outputStride);
                    break;
            }
            count -= rows;
            activations += rows * stride;
            output += rows * outputStride;
        }
    }
}
