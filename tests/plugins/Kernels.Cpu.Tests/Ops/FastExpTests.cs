using System.Runtime.Intrinsics;
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
}
