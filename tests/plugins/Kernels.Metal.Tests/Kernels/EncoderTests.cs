using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Attention among rows, pools, joined groups and products of heads, against double precision.</summary>
public sealed class EncoderTests
{
    private const double Tolerance = 1e-6;

    // Sequences of 1, 13 and 6 rows.
    private static readonly (int First, int End)[] Sequences = [(0, 1), (1, 14), (14, 20)];
    private static readonly int[] Spans = [.. Sequences.SelectMany(s => Enumerable.Repeat((int[])[s.First, s.End], s.End - s.First)).SelectMany(p => p)];

    [Theory]
    [InlineData(4, 2, 16, 16, 0)]
    [InlineData(3, 3, 33, 40, 2)]
    [InlineData(2, 1, 7, 70, 5)]
    public void Rows_see_each_other(int heads, int keyHeads, int keyLength, int valueLength, int reach)
    {
        float[] found = Gpu.InEveryOrder<float>(gpu => Attend(gpu, heads, keyHeads, keyLength, valueLength, reach));
        Assert.InRange(Numbers.Relative(Attended(heads, keyHeads, keyLength, valueLength, reach), found), 0, Tolerance);
    }

    [Theory]
    [InlineData(PoolingKind.Mean)]
    [InlineData(PoolingKind.First)]
    [InlineData(PoolingKind.Last)]
    public void A_sequences_rows_become_one(PoolingKind kind)
    {
        float[] found = Gpu.InEveryOrder<float>(gpu => Pool(gpu, kind));
        Assert.InRange(Numbers.Relative(Pooled(kind), found), 0, Tolerance);
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData(1, false)]
    public void Groups_are_joined(int groups, bool isShared) => Assert.Equal(Joined(groups, isShared), Gpu.InEveryOrder<float>(gpu => Join(gpu, groups, isShared)));

    [Theory]
    [InlineData("f32", 1, false)]
    [InlineData("q8_0", 7, false)]
    [InlineData("q4_0", 35, true)]
    public void Heads_have_matrices_of_their_own(string type, int inputs, bool tiles)
    {
        float[] found = Gpu.InEveryOrder<float>(gpu => Heads(gpu, type, inputs, tiles));
        Assert.InRange(Numbers.Relative(HeadProducts(type, inputs), found), 0, tiles ? 2e-3 : Tolerance);
    }

    /// <summary>All of it once, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu)
    {
        Assert.InRange(Numbers.Relative(Attended(4, 2, 33, 40, 3), Attend(gpu, 4, 2, 33, 40, 3)), 0, Tolerance);
        foreach (PoolingKind kind in (PoolingKind[])[PoolingKind.Mean, PoolingKind.First, PoolingKind.Last])
            Assert.InRange(Numbers.Relative(Pooled(kind), Pool(gpu, kind)), 0, Tolerance);
    }

    /// <summary>Joined groups, for tests of seeded bugs.</summary>
    internal static void CheckJoin(Gpu gpu)
    {
        foreach (bool isShared in (bool[])[false, true])
            Assert.Equal(Joined(3, isShared), Join(gpu, 3, isShared));
    }

    /// <summary>Products of heads with few rows and with many, for tests of seeded bugs.</summary>
    internal static void CheckHeads(Gpu gpu)
    {
        Assert.InRange(Numbers.Relative(HeadProducts("q8_0", 3), Heads(gpu, "q8_0", 3, tiles: false)), 0, Tolerance);
        Assert.InRange(Numbers.Relative(HeadProducts("q8_0", 35), Heads(gpu, "q8_0", 35, tiles: true)), 0, 2e-3);
    }

    private static float[] Attend(Gpu gpu, int heads, int keyHeads, int keyLength, int valueLength, int reach)
    {
        int rows = Spans.Length / 2;
        (float[] q, float[] k, float[] v) = Inputs(heads, keyHeads, keyLength, valueLength);
        DeviceBuffer query = gpu.Put<float>(q), keys = gpu.Put<float>(k), values = gpu.Put<float>(v), spans = gpu.Put<int>(Spans), y = gpu.New<float>(rows * heads * valueLength);
        AttentionArguments arguments = new() { Heads = (uint)heads, KeyHeads = (uint)keyHeads, Window = (uint)reach, Scale = 0.3f };
        gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Encoder(keyLength, valueLength), "attend_rows")).Bind(0, query.At(0)).Bind(1, keys.At(0)).Bind(2, values.At(0)).Bind(3, spans.At(0)).Bind(4, y.At(0)).Bind(5, arguments)
            .Run(heads, rows, 1, RowAttentionStage.Threads));
        return Gpu.Get<float>(y, rows * heads * valueLength);
    }

    private static double[] Attended(int heads, int keyHeads, int keyLength, int valueLength, int reach)
    {
        (float[] q, float[] k, float[] v) = Inputs(heads, keyHeads, keyLength, valueLength);
        List<double> y = [];
        foreach ((int start, int behind) in Sequences)
            for (int row = start; row < behind; row++)
                for (int h = 0; h < heads; h++)
                {
                    int kv = h / (heads / keyHeads), at = (row * heads + h) * keyLength;
                    int[] seen = [.. Enumerable.Range(start, behind - start).Where(j => reach == 0 || Math.Abs(j - row) <= reach)];
                    double[] scores = [.. seen.Select(j => Enumerable.Range(0, keyLength).Sum(i => (double)q[at + i] * k[(j * keyHeads + kv) * keyLength + i]) * 0.3)];
                    double sum = scores.Sum(s => Math.Exp(s - scores.Max()));
                    y.AddRange(Enumerable.Range(0, valueLength).Select(i => seen.Select((j, n) => Math.Exp(scores[n] - scores.Max()) / sum * v[(j * keyHeads + kv) * valueLength + i]).Sum()));
                }
        return [.. y];
    }

    private static (float[] Q, float[] K, float[] V) Inputs(int heads, int keyHeads, int keyLength, int valueLength)
    {
        int rows = Spans.Length / 2;
        return (Numbers.Floats(rows * heads * keyLength, 1), Numbers.Floats(rows * keyHeads * keyLength, 2), Numbers.Floats(rows * keyHeads * valueLength, 3));
    }

    private static float[] Pool(Gpu gpu, PoolingKind kind)
    {
        const int Width = 37;
        float[] x = Numbers.Floats(Spans.Length / 2 * Width, 4);
        // The last two sequences want vectors.
        DeviceBuffer input = gpu.Put<float>(x), spans = gpu.Put<int>([.. Sequences[1..].SelectMany(s => (int[])[s.First, s.End])]), y = gpu.New<float>(2 * Width);
        gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Pool(), "pool")).Bind(0, input.At(0)).Bind(1, spans.At(0)).Bind(2, y.At(0)).Bind(3, new ElementArguments { Width = Width, Offset = (uint)kind }).RunElements(Width, 2));
        return Gpu.Get<float>(y, 2 * Width);
    }

    private static double[] Pooled(PoolingKind kind)
    {
        const int Width = 37;
        float[] x = Numbers.Floats(Spans.Length / 2 * Width, 4);
        return [.. Sequences[1..].SelectMany(s => Enumerable.Range(0, Width).Select(i => kind switch
        {
            PoolingKind.First => x[s.First * Width + i],
            PoolingKind.Last => x[(s.End - 1) * Width + i],
            _ => Enumerable.Range(s.First, s.End - s.First).Average(row => (double)x[row * Width + i]),
        }))];
    }

    private static float[] Join(Gpu gpu, int groups, bool isShared)
    {
        const int Left = 5, Right = 4, Rows = 3;
        int width = groups * (Left + Right);
        (float[] a, float[] b) = Halves(groups, isShared);
        DeviceBuffer left = gpu.Put<float>(a), right = gpu.Put<float>(b), y = gpu.New<float>(Rows * width);
        ElementArguments arguments = new() { Width = (uint)width, InputWidth = (uint)(groups * Left), Groups = (uint)groups, Offset = isShared ? 1u : 0u };
        gpu.Run(c => c.Use(gpu.Device.Pipelines.Get(KernelText.Of("elements"), "concat")).Bind(0, left.At(0)).Bind(1, right.At(0)).Bind(2, y.At(0)).Bind(3, arguments).RunElements(width, Rows));
        return Gpu.Get<float>(y, Rows * width);
    }

    private static float[] Joined(int groups, bool isShared)
    {
        (float[] a, float[] b) = Halves(groups, isShared);
        return [.. Enumerable.Range(0, 3 * groups).SelectMany(g => (float[])[.. a[(g * 5)..((g + 1) * 5)], .. isShared ? b[(g / groups * 4)..((g / groups + 1) * 4)] : b[(g * 4)..((g + 1) * 4)]])];
    }

    private static (float[] A, float[] B) Halves(int groups, bool isShared) => (Numbers.Floats(3 * groups * 5, 5), Numbers.Floats(3 * (isShared ? 1 : groups) * 4, 6));

    private static float[] Heads(Gpu gpu, string type, int inputs, bool tiles)
    {
        (Matrix matrix, float[] x) = HeadInputs(type, inputs);
        ProductKernels kernels = new(gpu.Device, type, tiles);
        DeviceBuffer w = gpu.Put<byte>(matrix.Bytes), input = gpu.Put<float>(x), nothing = gpu.New<float>(4), y = gpu.New<float>(inputs * matrix.Rows);
        ProductArguments arguments = new() { Rows = (uint)matrix.Rows / 3, Columns = (uint)matrix.Columns, Inputs = (uint)inputs, InputStride = 3 * (uint)matrix.Columns, OutputStride = (uint)matrix.Rows, Used = 1, Factor = 1 };
        gpu.Run(c =>
        {
            c.Bind(0, w.At(0)).Bind(1, input.At(0)).Bind(2, nothing.At(0)).Bind(3, nothing.At(0)).Bind(4, y.At(0)).Bind(5, arguments);
            kernels.Run(c, arguments, 3);
        });
        return Gpu.Get<float>(y, inputs * matrix.Rows);
    }

    private static double[] HeadProducts(string type, int inputs)
    {
        (Matrix matrix, float[] x) = HeadInputs(type, inputs);
        int rows = matrix.Rows / 3;
        return [.. Enumerable.Range(0, inputs * 3).SelectMany(i => matrix.Times(x[(i * matrix.Columns)..((i + 1) * matrix.Columns)], i % 3 * rows, rows))];
    }

    // Three heads of 11 outputs each.
    private static (Matrix Matrix, float[] X) HeadInputs(string type, int inputs)
    {
        Matrix matrix = new(type, 33, type == "f32" ? 31 : 64, seed: 9);
        return (matrix, Numbers.Floats(inputs * 3 * matrix.Columns, 8));
    }
}
