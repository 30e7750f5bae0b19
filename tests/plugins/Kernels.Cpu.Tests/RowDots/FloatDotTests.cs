using Tessera.Kernels.Cpu.RowDots.Floats;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

public unsafe class FloatDotTests
{
    private const double Tolerance = 1e-5;

    [Theory, MemberData(nameof(Isas.Names), MemberType = typeof(Isas))]
    public void Dots_match_float64_and_do_not_depend_on_their_neighbours(string isa)
    {
        FloatDot kernel = FloatDot.For(Isas.All[isa]);
        Random random = new(4);
        foreach (int columns in new[] { 1, 5, 8, 31, 64, 100, 576, 2048 })
        {
            const int count = 5;
            int stride = columns + 3, outputStride = 2;
            float[] row = new float[columns], others = new float[count * stride], results = new float[count * outputStride];
            foreach (float[] values in new[] { row, others })
                for (int i = 0; i < values.Length; i++)
                    values[i] = random.NextSingle() - 0.5f;
            fixed (float* w = row, x = others, y = results)
            {
                kernel.Dot(w, x, stride, count, columns, y, outputStride);
                for (int other = 0; other < count; other++)
                {
                    double expected = 0, magnitude = 0;
                    for (int i = 0; i < columns; i++)
                    {
                        double product = (double)row[i] * others[other * stride + i];
                        expected += product;
                        magnitude += Math.Abs(product);
                    }
                    Assert.Equal(expected, y[other * outputStride], Tolerance * magnitude);
                    float alone;
                    kernel.Dot(w, x + other * stride, stride, 1, columns, &alone, 1);
                    Assert.Equal(BitConverter.SingleToUInt32Bits(alone), BitConverter.SingleToUInt32Bits(y[other * outputStride]));
                    Assert.Equal(0, results[other * outputStride + 1]);
                }
            }
        }
    }
}
