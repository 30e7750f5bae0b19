namespace Tessera.Kernels.Cpu.Tests.Models;

/// <summary>Compares rows of logits.</summary>
internal static class Difference
{
    /// <summary>The largest and the root of the mean square of the differences, relative to the root of the mean square of the expected values.</summary>
    public static (double Largest, double Mean) Relative(float[][] expected, float[][] found)
    {
        Assert.Equal(expected.Length, found.Length);
        double largest = 0, squares = 0, all = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Length, found[i].Length);
            for (int j = 0; j < expected[i].Length; j++)
            {
                double difference = Math.Abs((double)expected[i][j] - found[i][j]);
                Assert.False(double.IsNaN(difference), $"row {i}, element {j}: expected {expected[i][j]}, found {found[i][j]}");
                largest = Math.Max(largest, difference);
                squares += difference * difference;
                all += (double)expected[i][j] * expected[i][j];
            }
        }
        int count = expected.Sum(row => row.Length);
        Assert.True(count > 0 && all > 0);
        return (largest / Math.Sqrt(all / count), Math.Sqrt(squares / all));
    }

    /// <summary>Bit for bit.</summary>
    public static void None(float[][] expected, float[][] found, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            for (int j = 0; j < expected[i].Length; j++)
                if (BitConverter.SingleToInt32Bits(expected[i][j]) != BitConverter.SingleToInt32Bits(found[i][j]))
                    Assert.Fail($"{what}: row {i}, element {j}: expected {expected[i][j]:R}, found {found[i][j]:R}");
    }
}
