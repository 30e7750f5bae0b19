using System.Runtime.InteropServices;

namespace Tessera.Format.Safetensors.Tests.Quantized;

/// <summary>Every packed tensor of ../shared/fixtures/quantized-hf/tensors, through the format and its quantization.</summary>
public unsafe class FixtureTensorTests
{
    /// <summary>The sources differ in the last bit themselves.</summary>
    private const string Inexact = "bnb_int8";
    private const double Tolerance = 1e-6;

    public static TheoryData<string> Names => Shared.IsPresent ? [.. TensorCase.All.Select(c => c.Name)] : ["none"];

    [Theory, MemberData(nameof(Names))]
    public void Dequantized_values_are_the_recorded_ones(string name)
    {
        WeightTensor weight = Find(name).Open(out TestModelFiles files);
        using (files)
        {
            float[] expected = Find(name).Expected(), found = TensorCase.Values(weight);
            double most = expected.Max(MathF.Abs), largest = expected.Zip(found, (e, f) => Math.Abs((double)e - f)).Max();
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {weight}: largest difference {largest}");
            Assert.Equal(expected.Length, found.Length);
            if (name == Inexact)
                Assert.InRange(largest, 0, Tolerance * most);
            else
                // Bit for bit, but for the sign of zero: one source has negative ones, which the packed integers do not have.
                Assert.Equal(expected.Select(v => BitConverter.SingleToInt32Bits(v + 0f)), found.Select(v => BitConverter.SingleToInt32Bits(v + 0f)));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Unpacked_bytes_and_row_dots_mean_the_same(string name)
    {
        WeightTensor weight = Find(name).Open(out TestModelFiles files);
        using (files)
        {
            float[] values = TensorCase.Values(weight);
            IQuantization quantization = Quantizations.All.Find(weight.Quantization)!;
            List<string> abilities = [];
            if (quantization is IAffineUnpack unpack && weight.Columns % unpack.GroupSize == 0 && unpack.CanUnpack(weight))
            {
                abilities.Add("unpacks");
                Unpacks(weight, unpack, null, values);
            }
            else if (quantization is IOrderedUnpack ordered)
            {
                int[] order = new int[weight.Columns];
                if (ordered.TryOrder(weight, order))
                {
                    abilities.Add("unpacks in order");
                    Unpacks(weight, ordered, order, values);
                }
            }
            if (quantization is IRowDot dot)
            {
                abilities.Add("dots");
                Dots(weight, dot, values);
            }
            Assert.NotEmpty(abilities);
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {string.Join(", ", abilities)}");
        }
    }

    [Fact]
    public void All_cases_are_there()
    {
        Shared.Require("fixtures", "quantized-hf", "tensors");
        TestContext.Current.TestOutputHelper?.WriteLine($"quantized-hf/tensors: {TensorCase.All.Count} cases");
        Assert.Equal(33, TensorCase.All.Count);
    }

    private static void Unpacks(WeightTensor weight, IAffineUnpack unpack, int[]? order, float[] values)
    {
        int rows = (int)weight.Rows, columns = (int)weight.Columns, group = unpack.GroupSize;
        byte[] bytes = new byte[rows * columns];
        float[] scales = new float[rows * columns / group], minimums = new float[scales.Length];
        // The columns must come out each once.
        if (order is not null)
            Assert.Equal(Enumerable.Range(0, columns), order.Order());
        // In calls that begin and end anywhere.
        int[] starts = [0, 1, rows / 2 + 1, rows];
        fixed (byte* b = bytes)
        fixed (float* s = scales, m = minimums)
        fixed (int* o = order)
            for (int i = 0; i < 3; i++)
            {
                int first = starts[i], at = first * columns / group;
                if (order is null)
                    unpack.Unpack(weight, first, starts[i + 1] - first, b + first * columns, s + at, m + at);
                else
                    ((IOrderedUnpack)unpack).Unpack(weight, o, first, starts[i + 1] - first, b + first * columns, s + at, m + at);
            }
        double most = values.Max(MathF.Abs);
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.InRange(bytes[i], 0, unpack.MaxValue);
            int column = order is null ? i % columns : order[i % columns];
            double found = (double)scales[i / group] * bytes[i] - minimums[i / group], expected = values[i / columns * columns + column];
            Assert.True(Math.Abs(found - expected) <= Tolerance * most, $"row {i / columns}, column {column}: expected {expected}, found {found}");
        }
    }

    private static void Dots(WeightTensor weight, IRowDot dot, float[] values)
    {
        int rows = (int)weight.Rows, columns = (int)weight.Columns;
        Random random = new(columns);
        float[] x = [.. Enumerable.Range(0, columns).Select(i => (random.NextSingle() - 0.5f) * MathF.Pow(10, i % 5 - 2))], found = new float[rows];
        byte* prepared = (byte*)NativeMemory.AlignedAlloc((nuint)dot.PreparedBytes(columns), 64);
        new Span<byte>(prepared, dot.PreparedBytes(columns)).Fill(0xff);
        fixed (float* activations = x, output = found)
        {
            dot.Prepare(activations, columns, prepared);
            dot.Dot(weight, 0, 1, prepared, output);
            dot.Dot(weight, 1, rows - 1, prepared, output + 1);
        }
        NativeMemory.AlignedFree(prepared);
        for (int row = 0; row < rows; row++)
        {
            double expected = 0, magnitude = 0;
            for (int i = 0; i < columns; i++)
            {
                double product = (double)values[row * columns + i] * x[i];
                (expected, magnitude) = (expected + product, magnitude + Math.Abs(product));
            }
            Assert.True(Math.Abs(found[row] - expected) <= 1e-5 * magnitude, $"row {row}: expected {expected}, found {found[row]}");
        }
    }

    private static TensorCase Find(string name)
    {
        Shared.Require("fixtures", "quantized-hf", "tensors");
        return TensorCase.All.Single(c => c.Name == name);
    }
}
