using Tessera.Kernels.Metal.Device;
using Tessera.Kernels.Metal.Plan;

namespace Tessera.Kernels.Metal.Tests.Kernels;

/// <summary>Products and look-ups of every type against double precision, at odd sizes, in every order of threads and with every access checked.</summary>
public sealed class ProductTests
{
    private const double FloatTolerance = 1e-6, TileTolerance = 2e-3;

    /// <summary>Rows of the matrix, blocks of 32 or 256 columns (odd columns of floats), rows of activations.</summary>
    private static readonly (int Rows, int Blocks, int Inputs)[] Sizes = [(1, 1, 1), (7, 3, 2), (31, 1, 3), (33, 2, 7), (33, 1, 9)];

    public static TheoryData<string> Types => [.. KernelText.TypeIds];

    [Theory, MemberData(nameof(Types))]
    public void A_matrix_times_few_rows_is_the_double_precision_product(string type)
    {
        Case[] cases = [.. Sizes.Select(s => new Case(type, s.Rows, s.Blocks, s.Inputs))];
        float[] found = Gpu.InEveryOrder<float>(gpu => [.. cases.SelectMany(c => c.Product(gpu, tiles: false))]);
        Case.Compare(cases, found, FloatTolerance);
    }

    [Theory, MemberData(nameof(Types))]
    public void A_matrix_times_many_rows_is_within_half_precision(string type)
    {
        Case[] cases = [new(type, 33, 3, 31), new(type, 65, 1, 33)];
        float[] found = Gpu.InEveryOrder<float>(gpu => [.. cases.SelectMany(c => c.Product(gpu, tiles: true))]);
        Case.Compare(cases, found, TileTolerance);
    }

    [Theory, MemberData(nameof(Types))]
    public void A_rows_result_does_not_depend_on_the_number_of_rows(string type)
    {
        Case one = new(type, 31, 3, 9);
        using Gpu gpu = new();
        float[] together = one.Product(gpu, tiles: false);
        for (int count = 1; count <= 8; count++)
            Assert.Equal(together[..(count * 31)], one.Product(gpu, tiles: false, count));
    }

    [Theory, MemberData(nameof(Types))]
    public void Rows_are_looked_up_as_their_type_means_them(string type)
    {
        Matrix matrix = new(type, 5, Case.ColumnsOf(type, 3), seed: 3);
        int[] numbers = [4, 0, 2];
        float[] found = Gpu.InEveryOrder<float>(gpu =>
        {
            DeviceBuffer y = gpu.New<float>(numbers.Length * matrix.Columns);
            Pipeline embed = new ProductKernels(gpu.Device, type, tiles: false).Embed;
            DeviceBuffer w = gpu.Put<byte>(matrix.Bytes), n = gpu.Put<int>(numbers);
            gpu.Run(c => c.Use(embed).Bind(0, w.At(0)).Bind(1, n.At(0)).Bind(2, y.At(0)).Bind(3, new EmbedArguments { Width = (uint)matrix.Columns, Factor = 2 }).RunElements((matrix.Columns + 15) / 16, numbers.Length));
            return Gpu.Get<float>(y, numbers.Length * matrix.Columns);
        });
        Assert.Equal(0, Numbers.Relative([.. numbers.SelectMany(n => matrix.Values[(n * matrix.Columns)..((n + 1) * matrix.Columns)]).Select(v => 2.0 * v)], found), 1e-7);
    }

    [Theory, MemberData(nameof(Types))]
    public void Each_row_is_multiplied_with_the_matrices_of_its_experts(string type)
    {
        const int Rows = 7, Experts = 3, Inputs = 4, Used = 2;
        Matrix matrix = new(type, Experts * Rows, Case.ColumnsOf(type, 1), seed: 5);
        float[] x = Numbers.Floats(Inputs * matrix.Columns, 6), bias = Numbers.Floats(Experts * Rows, 7);
        int[] chosen = [2, 0, 1, 2, 0, 1, 1, 0];
        float[] found = Gpu.InEveryOrder<float>(gpu =>
        {
            ProductKernels kernels = new(gpu.Device, type, tiles: false);
            DeviceBuffer w = gpu.Put<byte>(matrix.Bytes), input = gpu.Put<float>(x), b = gpu.Put<float>(bias), e = gpu.Put<int>(chosen), y = gpu.New<float>(chosen.Length * Rows);
            ProductArguments arguments = new() { Rows = Rows, Columns = (uint)matrix.Columns, Inputs = 1, InputStride = (uint)matrix.Columns, OutputStride = Rows, HasBias = 1, Used = Used, Factor = 1 };
            gpu.Run(c => c.Use(kernels.Experts).Bind(0, w.At(0)).Bind(1, input.At(0)).Bind(2, b.At(0)).Bind(3, e.At(0)).Bind(4, y.At(0)).Bind(5, arguments).Run(kernels.Threadgroups(Rows), Inputs * Used, 1, 64));
            return Gpu.Get<float>(y, chosen.Length * Rows);
        });
        double[] expected = [.. chosen.SelectMany((e, i) => matrix.Times(x[(i / Used * matrix.Columns)..((i / Used + 1) * matrix.Columns)], e * Rows, Rows).Select((v, r) => v + bias[e * Rows + r]))];
        Assert.InRange(Numbers.Relative(expected, found), 0, FloatTolerance);
    }

    /// <summary>One product of a type, and one look-up in tiles' size, for tests of seeded bugs.</summary>
    internal static void Check(Gpu gpu, string type, bool tiles)
    {
        Case[] cases = tiles ? [new(type, 65, 3, 33)] : [new(type, 7, 3, 3), new(type, 33, 1, 1)];
        Case.Compare(cases, [.. cases.SelectMany(c => c.Product(gpu, tiles))], tiles ? TileTolerance : FloatTolerance);
    }

    /// <summary>One product.</summary>
    private sealed class Case(string type, int rows, int blocks, int inputs)
    {
        private readonly Matrix _matrix = new(type, rows, ColumnsOf(type, blocks), seed: rows + blocks);
        private readonly float[] _x = Numbers.Floats(inputs * ColumnsOf(type, blocks), inputs), _bias = Numbers.Floats(rows, 3), _residual = Numbers.Floats(inputs * rows, 4);

        public static int ColumnsOf(string type, int blocks) => QuantizedBlocks.Find(type)!.Values switch { 1 => blocks * 33 - 2, int values => blocks * values };

        public static void Compare(Case[] cases, float[] found, double tolerance)
        {
            foreach (Case one in cases)
            {
                double[] expected = one.Expected();
                double relative = Numbers.Relative(expected, found[..expected.Length]);
                Assert.True(relative <= tolerance, $"{one.Name}: relative difference {relative:g3}, expected at most {tolerance}");
                found = found[expected.Length..];
            }
            Assert.Empty(found);
        }

        private string Name => $"{type} {rows} × {_matrix.Columns}, {inputs} rows";

        public float[] Product(Gpu gpu, bool tiles, int? count = null)
        {
            int many = count ?? inputs;
            ProductKernels kernels = new(gpu.Device, type, tiles);
            DeviceBuffer w = gpu.Put<byte>(_matrix.Bytes), x = gpu.Put<float>(_x), b = gpu.Put<float>(_bias), r = gpu.Put<float>(_residual), y = gpu.New<float>(many * rows);
            ProductArguments arguments = new()
            {
                Rows = (uint)rows,
                Columns = (uint)_matrix.Columns,
                Inputs = (uint)many,
                InputStride = (uint)_matrix.Columns,
                OutputStride = (uint)rows,
                HasBias = 1,
                HasResidual = 1,
                Used = 1,
                Factor = 0.5f,
            };
            gpu.Run(c =>
            {
                c.Bind(0, w.At(0)).Bind(1, x.At(0)).Bind(2, b.At(0)).Bind(3, r.At(0)).Bind(4, y.At(0)).Bind(5, arguments);
                kernels.Run(c, arguments);
            });
            return Gpu.Get<float>(y, many * rows);
        }

        private double[] Expected() => [.. _matrix.Times(_x).Select((v, i) => (v + _bias[i % rows]) * 0.5 + _residual[i])];
    }
}
