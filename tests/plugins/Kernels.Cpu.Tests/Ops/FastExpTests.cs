using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Tests.Ops;

public class FastExpTests
{
    [Fact]
    public void Relative_error_is_below_a_millionth()
    {
        double worst = 0;
        for (int i = 0; i < 200_000; i++)
        {
            float x = -87 + i * (175f / 200_000);
            worst = Math.Max(worst, Math.Abs(FastExp.Exp(Vector256.Create(x)).ToScalar() / Math.Exp(x) - 1));
        }
        Assert.InRange(worst, 1e-9, 3e-7);
    }

    [Theory]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(-1000f, 0f)]
    [InlineData(0f, 1f)]
    [InlineData(89f, float.PositiveInfinity)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Ends_are_exact(float x, float expected)
    {
        Assert.Equal(expected, FastExp.Exp(Vector256.Create(x)).ToScalar());
        Assert.Equal(MathF.Exp(x), FastExp.ExactExp(Vector256.Create(x)).ToScalar());
    }

    [Fact]
    public void Sixteen_are_bitwise_two_times_eight()
    {
        if (!Avx512F.IsSupported)
            Assert.Skip("this processor has no AVX-512");
        float[] x = new float[16], wide = new float[16], narrow = new float[16];
        Random random = new(1);
        for (int round = 0; round < 20_000; round++)
        {
            for (int i = 0; i < 16; i++)
                x[i] = (random.NextSingle() * 2 - 1) * (i % 4 == 0 ? 1 : 95);
            (x[1], x[2], x[3], x[5], x[6]) = (float.NegativeInfinity, float.PositiveInfinity, float.NaN, -87, 88);
            FastExp.Exp(Vector512.Create(x)).CopyTo(wide);
            FastExp.Exp(Vector256.Create(x, 0)).CopyTo(narrow);
            FastExp.Exp(Vector256.Create(x, 8)).CopyTo(narrow, 8);
            Assert.True(float.IsNaN(wide[3]) && float.IsNaN(narrow[3]));
            wide[3] = narrow[3];
            Assert.Equal(MemoryMarshal.AsBytes<float>(narrow), MemoryMarshal.AsBytes<float>(wide));
        }
    }
}
