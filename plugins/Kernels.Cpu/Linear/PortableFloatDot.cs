using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Linear;

/// <summary>Float rows times a float row in portable vectors.</summary>
internal static unsafe class PortableFloatDot
{
    /// <summary>The kernel.</summary>
    public static RowDotKernel Kernel => new("f32", ActivationForm.Float32, "256-bit vectors", &Rows);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
    {
        float* x = (float*)activation;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            float* w = (float*)weights;
            Vector256<float> a = default, b = default, c = default, d = default;
            int i = 0;
            for (; i <= columns - 32; i += 32)
            {
                a = Vector256.FusedMultiplyAdd(Vector256.Load(w + i), Vector256.Load(x + i), a);
                b = Vector256.FusedMultiplyAdd(Vector256.Load(w + i + 8), Vector256.Load(x + i + 8), b);
                c = Vector256.FusedMultiplyAdd(Vector256.Load(w + i + 16), Vector256.Load(x + i + 16), c);
                d = Vector256.FusedMultiplyAdd(Vector256.Load(w + i + 24), Vector256.Load(x + i + 24), d);
            }
            float sum = Vector256.Sum((a + b) + (c + d));
            for (; i < columns; i++)
                sum = MathF.FusedMultiplyAdd(w[i], x[i], sum);
            output[row] = sum;
        }
    }
}
