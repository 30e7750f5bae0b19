using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Kernels with a thread for each element.</summary>
public sealed class ElementTests
{
    [Theory]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.Gelu)]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.ClampedSwiGlu)]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Relu)]
    public void Gates_are_the_double_precision_ones(Activation activation)
    {
        const int Width = 37, Rows = 3;
        const float Limit = 4;
        float[] gate = [.. Numbers.Floats(Width * Rows, 1).Select(v => v * 8)], up = [.. Numbers.Floats(Width * Rows, 2).Select(v => v * 6)];
        float[] found = Gpu.InEveryOrder<float>(gpu =>
        {
            Pipeline pipeline = gpu.Device.Pipelines.Get(KernelText.Of("gate"), "gate");
            DeviceBuffer g = gpu.Put<float>(gate), u = gpu.Put<float>(up), y = gpu.New<float>(gate.Length);
            GateArguments arguments = new() { Width = Width, GateStride = Width, UpStride = Width, Step = 1, Activation = (uint)activation, HasUp = 1, Limit = Limit };
            gpu.Run(c => c.Use(pipeline).Bind(0, g.At(0)).Bind(1, u.At(0)).Bind(2, y.At(0)).Bind(3, arguments).RunElements(Width, Rows));
            return Gpu.Get<float>(y, gate.Length);
        });
        Assert.InRange(Numbers.Relative([.. gate.Zip(up, (g, u) => Expected(activation, g, u, Limit))], found), 0, 1e-6);
    }

    [Fact]
    public void Gate_and_up_may_stand_by_turns_or_one_behind_the_other()
    {
        const int Width = 5, Rows = 2;
        float[] both = Numbers.Floats(2 * Width * Rows, 3);
        foreach ((uint step, uint offset) in ((uint, uint)[])[(2, 1), (1, Width)])
        {
            using Gpu gpu = new();
            Pipeline pipeline = gpu.Device.Pipelines.Get(KernelText.Of("gate"), "gate");
            DeviceBuffer x = gpu.Put<float>(both), y = gpu.New<float>(Width * Rows);
            GateArguments arguments = new() { Width = Width, GateStride = 2 * Width, UpStride = 2 * Width, Step = step, UpOffset = offset, HasUp = 1 };
            gpu.Run(c => c.Use(pipeline).Bind(0, x.At(0)).Bind(1, x.At(0)).Bind(2, y.At(0)).Bind(3, arguments).RunElements(Width, Rows));
            double[] expected = [.. Enumerable.Range(0, Width * Rows).Select(i => Expected(Activation.Silu, both[i / Width * 2 * Width + i % Width * step], both[i / Width * 2 * Width + offset + i % Width * step], 0))];
            Assert.InRange(Numbers.Relative(expected, Gpu.Get<float>(y, Width * Rows)), 0, 1e-6);
        }
    }

    [Fact]
    public void Blocks_are_copied_in_order_from_buffer_to_buffer()
    {
        const int Words = 70, Blocks = 4;
        int[] cache = [.. Enumerable.Range(0, Words * Blocks)], pairs = [0, Second, Second, 2];
        int[] found = Gpu.InEveryOrder<int>(gpu => Copied(gpu, cache, pairs, Words));
        // The third block of the first buffer and the first of the second one are the first block now.
        Assert.Equal([.. cache[..(2 * Words)], .. cache[..Words], .. cache[(3 * Words)..], .. cache[..Words], .. Other(cache)[Words..]], found);
    }

    private const int Second = 1 << 28;

    /// <summary>Copies between buffers, for tests of seeded bugs.</summary>
    internal static void CheckCopies(Gpu gpu)
    {
        int[] cache = [.. Enumerable.Range(0, 150)];
        Assert.Equal([.. cache[..100], .. cache[..50], .. cache[..50], .. Other(cache)[50..]], Copied(gpu, cache, [0, Second, Second, 2], 50));
    }

    private static int[] Other(int[] cache) => [.. cache.Select(v => v + 1000)];

    // The words of two buffers, one after the other.
    private static int[] Copied(Gpu gpu, int[] cache, int[] pairs, int words)
    {
        DeviceBuffer one = gpu.Put<int>(cache), two = gpu.Put<int>(Other(cache)), list = gpu.Put<int>(pairs);
        gpu.Run(c =>
        {
            for (int i = 0; i < CacheArena.MaxSlabs; i++)
                c.Bind(CacheArena.FirstIndex + i, (i == 0 ? one : two).At(0));
            c.Use(gpu.Device.Pipelines.Get(KernelText.Of("cache", "copies"), "copy_blocks")).Bind(1, list.At(0)).Bind(2, new CopyArguments { Count = (uint)pairs.Length / 2, BlockStride = (ulong)words }).RunElements(words, 1);
        });
        return [.. Gpu.Get<int>(one, cache.Length), .. Gpu.Get<int>(two, cache.Length)];
    }

    private static double Expected(Activation activation, double g, double u, double limit) => activation switch
    {
        Activation.Silu => g / (1 + Math.Exp(-g)) * u,
        Activation.Gelu => g * Phi(g) * u,
        Activation.GeluTanh => g / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g))) * u,
        Activation.ClampedSwiGlu => Math.Min(g, limit) / (1 + Math.Exp(-1.702 * Math.Min(g, limit))) * (Math.Clamp(u, -limit, limit) + 1),
        Activation.Tanh => Math.Tanh(g) * u,
        _ => Math.Max(g, 0) * u,
    };

    // The power series of the error function; enough for arguments below 9.
    private static double Phi(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= x * x / (2 * n + 1);
            sum += term;
        }
        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }
}
