using Tessera.Kernels.Cpu.RowDots;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

/// <summary>Every type on every instruction set, against a float64 dot product of the dequantized weights and activations.</summary>
public unsafe class RowDotTests
{
    /// <summary>Of the sum of the products' magnitudes.</summary>
    private const double Tolerance = 1e-5;

    private static readonly int[] Columns = [32, 96, 256, 288, 512, 576, 1536, 2048, 8192];
    private static readonly int[] FloatColumns = [1, 7, 33, 100, 576];

    [Theory, MemberData(nameof(Isas.Kernels), MemberType = typeof(Isas))]
    public void Dot_matches_float64(string quantization, string isa)
    {
        RowDotKernel kernel = Get(quantization, isa);
        int shapes = 0;
        foreach (int columns in Shapes(kernel))
        {
            const int rows = 7;
            using TestWeight quantized = TestWeight.Create(quantization, rows, columns, columns);
            Check(kernel, Isas.All[isa], quantized, rows, columns);
            using TestWeight bits = TestWeight.CreateRandomBits(quantization, rows, columns, columns + 1);
            Check(kernel, Isas.All[isa], bits, rows, columns);
            foreach (BlockScales scales in Enum.GetValues<BlockScales>())
            {
                using TestWeight edge = TestWeight.CreateRandomBits(quantization, rows, columns, columns + 2, scales);
                Check(kernel, Isas.All[isa], edge, rows, columns);
            }
            shapes++;
        }
        Assert.True(shapes >= 5, $"{shapes} shapes");
    }

    [Theory, MemberData(nameof(Isas.Kernels), MemberType = typeof(Isas))]
    public void A_row_is_bitwise_the_same_in_any_group_of_rows(string quantization, string isa)
    {
        RowDotKernel kernel = Get(quantization, isa);
        const int rows = 9, columns = 768;
        using TestWeight weight = TestWeight.CreateRandomBits(quantization, rows, columns, 5);
        using NativeBuffer activation = Activation(kernel, Isas.All[isa], columns, 6, out _);
        float[] together = new float[rows], grouped = new float[rows];
        fixed (float* output = together)
            kernel.Dot(weight.Rows, weight.RowBytes, rows, columns, activation.Bytes, output);
        foreach (int group in new[] { 1, 2, 4, 5 })
        {
            Array.Clear(grouped);
            for (int row = 0; row < rows; row += group)
                fixed (float* output = &grouped[row])
                    kernel.Dot(weight.Rows + row * weight.RowBytes, weight.RowBytes, Math.Min(group, rows - row), columns, activation.Bytes, output);
            Assert.Equal(together, grouped);
        }
        Assert.Equal(rows, together.Distinct().Count());
    }

    [Theory, MemberData(nameof(Isas.Kernels), MemberType = typeof(Isas))]
    public void Several_activation_rows_give_bitwise_what_each_gives_alone(string quantization, string isa)
    {
        RowDotKernel kernel = Get(quantization, isa);
        const int most = 34, gap = 3;
        int shapes = 0;
        // Fewer weight rows than are multiplied together, as many, and numbers that are no multiple of them.
        foreach ((int columns, int rows) in Shapes(kernel).Where(columns => columns <= 2816).Zip(Enumerable.Repeat((int[])[5, 8, 13, 16], 4).SelectMany(r => r)))
        {
            using TestWeight weight = TestWeight.CreateRandomBits(quantization, rows, columns, columns + 11);
            List<NativeBuffer> prepared = [.. Enumerable.Range(0, most).Select(row => Activation(kernel, Isas.All[isa], columns, columns + row, out _))];
            int bytes = PreparedBytes(kernel, columns);
            int stride = (bytes + 63) / 64 * 64 + 64;
            using NativeBuffer together = new(stride * most);
            float[] alone = new float[most * (rows + gap)];
            Array.Fill(alone, -1);
            for (int row = 0; row < most; row++)
            {
                Buffer.MemoryCopy(prepared[row].Bytes, together.Bytes + row * stride, stride, bytes);
                fixed (float* output = &alone[row * (rows + gap)])
                    kernel.Dot(weight.Rows, weight.RowBytes, rows, columns, prepared[row].Bytes, output);
                prepared[row].Dispose();
            }
            Assert.True(alone.Distinct().Count() > most * rows * 0.9, "results that differ");
            for (int count = 1; count <= most; count += count < 10 ? 1 : 3)
            {
                // What lies between the results stays as it is.
                float[] results = new float[alone.Length];
                Array.Fill(results, -1);
                fixed (float* output = results)
                    kernel.DotRows(weight.Rows, weight.RowBytes, rows, columns, together.Bytes, stride, count, output, rows + gap);
                Assert.Equal(alone.Take(count * (rows + gap)).Select(BitConverter.SingleToInt32Bits), results.Take(count * (rows + gap)).Select(BitConverter.SingleToInt32Bits));
                Assert.All(results.Skip(count * (rows + gap)), untouched => Assert.Equal(-1, untouched));
            }
            shapes++;
        }
        Assert.True(shapes >= 4, $"{shapes} shapes");
    }

    [Theory, MemberData(nameof(Isas.Kernels), MemberType = typeof(Isas))]
    public void An_activation_that_is_not_a_number_makes_the_result_one(string quantization, string isa)
    {
        RowDotKernel kernel = Get(quantization, isa);
        const int columns = 512;
        using TestWeight weight = TestWeight.CreateRandomBits(quantization, 1, columns, 8);
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            float[] x = new float[columns];
            x.AsSpan().Fill(0.5f);
            x[300] = bad;
            using NativeBuffer activation = Prepare(kernel, Isas.All[isa], x, out _);
            float result;
            kernel.Dot(weight.Rows, weight.RowBytes, 1, columns, activation.Bytes, &result);
            Assert.False(float.IsFinite(result), $"{bad}: {result}");
        }
    }

    private static RowDotKernel Get(string quantization, string isa)
    {
        Assert.True(RowDotTable.TryGet(quantization, Isas.All[isa], out RowDotKernel kernel));
        Assert.Equal(quantization, kernel.Quantization);
        return kernel;
    }

    private static IEnumerable<int> Shapes(RowDotKernel kernel)
    {
        int block = TestWeight.BlockSize(kernel.Quantization);
        IEnumerable<int> columns = kernel.Form == ActivationForm.Float32 ? Columns.Concat(FloatColumns) : Columns;
        return columns.Where(count => count % block == 0).Concat(block == 256 ? [768, 2816] : []);
    }

    private static void Check(RowDotKernel kernel, CpuIsa isa, TestWeight weight, int rows, int columns)
    {
        using NativeBuffer activation = Activation(kernel, isa, columns, columns + 2, out float[] x);
        float[] results = new float[rows];
        fixed (float* output = results)
            kernel.Dot(weight.Rows, weight.RowBytes, rows, columns, activation.Bytes, output);
        for (int row = 0; row < rows; row++)
        {
            double expected = 0, magnitude = 0;
            for (int i = 0; i < columns; i++)
            {
                double product = (double)weight.Values[row * columns + i] * x[i];
                expected += product;
                magnitude += Math.Abs(product);
            }
            // Every sum is rounded to a multiple of the smallest float.
            Assert.True(Math.Abs(results[row] - expected) <= Tolerance * magnitude + columns * (double)float.Epsilon,
                $"{kernel.Quantization} {kernel.InstructionSet} row {row} of {columns} columns: expected {expected}, found {results[row]}, magnitude {magnitude}");
        }
    }

    private static NativeBuffer Activation(RowDotKernel kernel, CpuIsa isa, int columns, int seed, out float[] values)
    {
        Random random = new(seed);
        float[] x = new float[columns];
        for (int i = 0; i < columns; i++)
            x[i] = (random.NextSingle() - 0.4f) * MathF.Pow(10, i / 32 % 5 - 2);
        return Prepare(kernel, isa, x, out values);
    }

    /// <summary>A prepared row, and the floats that it stands for.</summary>
    private static NativeBuffer Prepare(RowDotKernel kernel, CpuIsa isa, float[] x, out float[] values)
    {
        values = x;
        if (kernel.Form == ActivationForm.Float32)
        {
            NativeBuffer floats = new(sizeof(float) * x.Length);
            x.CopyTo(new Span<float>(floats.Floats, x.Length));
            return floats;
        }
        NativeBuffer prepared = new(PreparedBytes(kernel, x.Length));
        bool super = kernel.Form == ActivationForm.Int8Blocks256;
        fixed (float* source = x)
            if (super)
                Int8SuperActivation.Prepare(source, x.Length, prepared.Bytes, isa);
            else
                Int8Activation.Prepare(source, x.Length, prepared.Bytes, isa);
        float* scales = (float*)(prepared.Bytes + (super ? Int8SuperActivation.ScaleOffset(x.Length) : Int8Activation.ScaleOffset(x.Length)));
        values = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
            values[i] = ((sbyte*)prepared.Bytes)[i] * scales[i / (super ? Int8SuperActivation.Block : Int8Activation.Group)];
        return prepared;
    }

    private static int PreparedBytes(RowDotKernel kernel, int columns) => kernel.Form switch
    {
        ActivationForm.Float32 => sizeof(float) * columns,
        ActivationForm.Int8Groups32 => Int8Activation.Bytes(columns),
        _ => Int8SuperActivation.Bytes(columns),
    };
}
