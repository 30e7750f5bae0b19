using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>The best tokens of rows, over one part of a row and several.</summary>
public sealed unsafe class ChoiceTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 9)]
    [InlineData(33, 4)]
    [InlineData(1000, 9)]
    [InlineData(BestStage.Part, 2)]
    [InlineData(BestStage.Part + 1, 3)]
    [InlineData(2 * BestStage.Part + 100, 5)]
    public void The_best_come_in_order_and_of_equal_ones_the_first(int width, int count)
    {
        const int Rows = 4;
        // Few different values: many are equal.
        float[] x = [.. Numbers.Floats(Rows * width, 5).Select(v => MathF.Round(v * 4))];
        (int Row, int Count)[] asked = [(2, count), (0, 1), (3, Math.Max(1, count - 1))];
        ulong[] found = Gpu.InEveryOrder<ulong>(gpu => Chosen(gpu, x, width, asked, count));
        Assert.Equal(Expected(x, width, asked, count), found);
    }

    [Fact]
    public void What_is_no_number_comes_before_everything_and_what_is_not_above_minus_infinity_last()
    {
        const int Width = 50;
        float[] x = new float[3 * Width];
        Array.Fill(x, float.NegativeInfinity);
        (x[3], x[40]) = (-2, 5);
        (x[Width + 20], x[Width + 21], x[Width + 45]) = (7, float.NaN, float.PositiveInfinity);
        (int, int)[] asked = [(0, 3), (1, 3), (2, 3)];
        float[] values = [.. Gpu.InEveryOrder<ulong>(gpu => Chosen(gpu, x, Width, asked, 3)).Select(Value)];
        Assert.Equal([5, -2, float.NegativeInfinity], values[..3]);
        Assert.Equal([float.PositiveInfinity, 7, float.NegativeInfinity], values[3..6]);
        Assert.Equal(float.NegativeInfinity, values[6]);
    }

    /// <summary>Choices among many equal values, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        const int Width = BestStage.Part + 300, Count = 7;
        float[] x = [.. Numbers.Floats(2 * Width, 5).Select(v => MathF.Round(v * 400))];
        x[^1] = 500;
        (int, int)[] asked = [(1, Count), (0, Count - 3)];
        Assert.Equal(Expected(x, Width, asked, Count), Chosen(gpu, x, Width, asked, Count));
        x[Width - 1] = float.NaN;
        Assert.True(float.IsPositiveInfinity(Value(Chosen(gpu, x, Width, [(0, 2)], Count)[0])), "a NaN was not seen");
    }

    // A token and its value for each that was asked for, one after the other.
    private static ulong[] Chosen(Gpu gpu, float[] x, int width, (int Row, int Count)[] asked, int most)
    {
        int parts = (width - 1) / BestStage.Part + 1;
        TopArguments arguments = new() { Width = (uint)width, Count = (uint)most, Parts = (uint)parts };
        string text = KernelText.Of("choice");
        DeviceBuffer input = gpu.Put<float>(x), rows = gpu.Put<int>([.. asked.Select(a => a.Row)]), counts = gpu.Put<int>([.. asked.Select(a => a.Count)]);
        DeviceBuffer kept = gpu.New<float>(asked.Length * parts * most), tokens = gpu.New<int>(asked.Length * parts * most), y = gpu.New<ulong>(asked.Length * most);
        gpu.Run(c =>
        {
            c.Use(gpu.Device.Pipelines.Get(text, "choose_parts")).Bind(0, input.At(0)).Bind(1, rows.At(0)).Bind(2, counts.At(0)).Bind(3, kept.At(0)).Bind(4, tokens.At(0)).Bind(5, arguments).Run(parts, asked.Length, 1, BestStage.Threads);
            c.Use(gpu.Device.Pipelines.Get(text, "choose")).Bind(0, kept.At(0)).Bind(1, tokens.At(0)).Bind(2, counts.At(0)).Bind(3, y.At(0)).Bind(4, arguments).Run(asked.Length, 1, 1, BestStage.Threads);
        });
        ulong[] all = Gpu.Get<ulong>(y, asked.Length * most);
        return [.. asked.SelectMany((a, i) => all[(i * most)..(i * most + a.Count)])];
    }

    private static ulong[] Expected(float[] x, int width, (int Row, int Count)[] asked, int most) => [.. asked.SelectMany(a =>
        Enumerable.Range(0, width).OrderByDescending(i => x[a.Row * width + i]).ThenBy(i => i).Select(i => (ulong)BitConverter.SingleToUInt32Bits(x[a.Row * width + i]) << 32 | (uint)i)
            .Concat(Enumerable.Range(width, most).Select(i => (ulong)BitConverter.SingleToUInt32Bits(float.NegativeInfinity) << 32 | (uint)i)).Take(a.Count))];

    private static float Value(ulong chosen) => BitConverter.UInt32BitsToSingle((uint)(chosen >> 32));
}
