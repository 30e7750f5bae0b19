using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Products of many rows with the matrices of their experts: sorted by expert, then by tiles.</summary>
public sealed class ExpertTests
{
    private const int Experts = 5, Used = 2, Rows = 33;
    private const double Tolerance = 2e-3;

    // 44 products: 35 of expert 3, none of expert 1.
    private static readonly int[] Chosen = [.. Enumerable.Range(0, 44).Select(i => i % 5 == 2 ? (i % 3) switch { 0 => 0, 1 => 2, _ => 4 } : 3)];

    [Fact]
    public void Products_are_sorted_by_expert_and_cut_into_tiles()
    {
        int[] found = Gpu.InEveryOrder<int>(gpu =>
        {
            (DeviceBuffer list, DeviceBuffer tiles) = List(gpu);
            int count = Gpu.Get<int>(tiles, 1)[0];
            return [count, .. Gpu.Get<int>(tiles, 1 + 3 * count)[1..], .. Gpu.Get<int>(list, Chosen.Length)];
        });
        List<int> tiles = [], sorted = [];
        for (int e = 0; e < Experts; e++)
        {
            int[] own = [.. Enumerable.Range(0, Chosen.Length).Where(i => Chosen[i] == e)];
            for (int i = 0; i < own.Length; i += 32)
                tiles.AddRange([e, sorted.Count + i, Math.Min(32, own.Length - i)]);
            sorted.AddRange(own);
        }
        Assert.Equal([tiles.Count / 3, .. tiles, .. sorted], found);
        Assert.Contains(32, tiles);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("q8_0")]
    [InlineData("q4_k")]
    public void Tiles_of_an_expert_are_its_products(string type)
    {
        foreach (bool own in (bool[])[false, true])
        {
            float[] found = Gpu.InEveryOrder<float>(gpu => Product(gpu, type, own));
            Assert.InRange(Numbers.Relative(Expected(type, own), found), 0, Tolerance);
        }
    }

    /// <summary>Both kinds of inputs, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        foreach (bool own in (bool[])[false, true])
            Assert.InRange(Numbers.Relative(Expected("q8_0", own), Product(gpu, "q8_0", own)), 0, Tolerance);
    }

    private static (DeviceBuffer List, DeviceBuffer Tiles) List(Gpu gpu)
    {
        DeviceBuffer chosen = gpu.Put<int>(Chosen), count = gpu.Put<int>(Chosen.Length / Used), room = gpu.New<int>(Experts), list = gpu.New<int>(Chosen.Length), tiles = gpu.New<int>(1 + 3 * (Chosen.Length / 32 + Experts));
        gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Of("experts"), "list_experts")).Bind(0, chosen.At(0)).Bind(1, count.At(0)).Bind(2, room.At(0)).Bind(3, list.At(0)).Bind(4, tiles.At(0))
            .Bind(5, new ChoiceArguments { Experts = Experts, Used = Used }).Run(1, 1, 1, 64));
        return (list, tiles);
    }

    private static float[] Product(Gpu gpu, string type, bool own)
    {
        (Matrix matrix, float[] x, float[] bias) = Inputs(type, own);
        ProductKernels kernels = new(gpu.Device, type, tiles: true);
        (DeviceBuffer list, DeviceBuffer tiles) = List(gpu);
        DeviceBuffer w = gpu.Put<byte>(matrix.Bytes), input = gpu.Put<float>(x), b = gpu.Put<float>(bias), y = gpu.New<float>(Chosen.Length * Rows);
        ProductArguments arguments = new() { Rows = Rows, Columns = (uint)matrix.Columns, Inputs = own ? 2u : 1u, InputStride = (uint)matrix.Columns, OutputStride = Rows, HasBias = 1, Used = Used, Factor = 1 };
        gpu.Run(c => c.Use(kernels.TileExperts!).Bind(0, w.At(0)).Bind(1, input.At(0)).Bind(2, b.At(0)).Bind(3, list.At(0)).Bind(4, y.At(0)).Bind(5, arguments).Bind(6, tiles.At(0)).Memory(0, ProductKernels.TileBytes)
            .Run(1, Chosen.Length / 32 + Experts, 1, 128));
        return Gpu.Get<float>(y, Chosen.Length * Rows);
    }

    private static double[] Expected(string type, bool own)
    {
        (Matrix matrix, float[] x, float[] bias) = Inputs(type, own);
        return [.. Chosen.SelectMany((e, i) =>
        {
            int row = own ? i : i / Used;
            return matrix.Times(x[(row * matrix.Columns)..((row + 1) * matrix.Columns)], e * Rows, Rows).Select((v, r) => v + bias[e * Rows + r]);
        })];
    }

    private static (Matrix Matrix, float[] X, float[] Bias) Inputs(string type, bool own)
    {
        Matrix matrix = new(type, Experts * Rows, type switch { "f32" => 31, "q4_k" => 256, _ => 96 }, seed: 5);
        return (matrix, Numbers.Floats((own ? Chosen.Length : Chosen.Length / Used) * matrix.Columns, 6), Numbers.Floats(Experts * Rows, 7));
    }
}
