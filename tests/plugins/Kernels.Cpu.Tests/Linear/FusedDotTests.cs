using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Lowering;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Models;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>The kernel that the product chooses for each type on each instruction set, against a float64 dot product of the dequantized weights and activations.</summary>
public unsafe class FusedDotTests
{
    /// <summary>Of the sum of the products' magnitudes.</summary>
    private const double Tolerance = 1e-5;
    private const int Rows = 9, Batch = 3, Columns = 768;

    public static TheoryData<string, string> Cases
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (QuantizedBlocks type in QuantizedBlocks.All)
                foreach (string isa in Isas.All.Keys)
                    data.Add(type.Type, isa);
            return data;
        }
    }

    [Fact]
    public void Every_type_of_the_plugin_is_a_case() =>
        Assert.Equal(QuantizedBlocks.All.Select(type => type.Type).Order(StringComparer.Ordinal), TestWeight.Ids.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Cases))]
    public void Products_match_float64(string type, string isa)
    {
        List<string> said = [];
        foreach (ActivationPrecision precision in Enum.GetValues<ActivationPrecision>())
            foreach (BlockScales scales in Enum.GetValues<BlockScales>())
            {
                using TestWeight weight = TestWeight.CreateRandomBits(type, Rows, Columns, 17 + (int)scales, scales);
                foreach (ProductInput input in Enum.GetValues<ProductInput>())
                {
                    LinearKernel kernel = new KernelChoice(Quantizations.With(), precision, Isas.All[isa], new NativeTiles([], Isas.All[isa]), new NativeRowDots([], Isas.All[isa]), said).Choose(new Node(), weight.Tensor, input);
                    Check(kernel, weight, $"{said[^1]}, {isa}, {scales}");
                }
            }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', said.Distinct()));
    }

    private static void Check(LinearKernel kernel, TestWeight weight, string what)
    {
        int stride = (kernel.Preparation.Bytes(Columns) + 63) / 64 * 64;
        using NativeBuffer prepared = new((long)stride * Batch), scratch = new(Math.Max(64, kernel.ScratchBytes(Rows)));
        float[] output = new float[Batch * Rows];
        float[][] x = new float[Batch][];
        Random random = new(3);
        for (int row = 0; row < Batch; row++)
        {
            x[row] = [.. Enumerable.Range(0, Columns).Select(i => (random.NextSingle() - 0.4f) * MathF.Pow(10, i / 32 % 5 - 2))];
            fixed (float* values = x[row])
                kernel.Preparation.Prepare(values, Columns, prepared.Bytes + row * stride);
            x[row] = Dequantized(prepared.Bytes + row * stride, kernel.Preparation.RefinedGroups, what) ?? x[row];
        }
        fixed (float* products = output)
        {
            kernel.Begin(0, Rows, scratch.Bytes);
            kernel.Multiply(0, Rows, scratch.Bytes, prepared.Bytes, stride, Batch, products, Rows);
        }
        for (int batch = 0; batch < Batch; batch++)
            for (int row = 0; row < Rows; row++)
            {
                double expected = 0, magnitude = 0;
                for (int i = 0; i < Columns; i++)
                {
                    double product = (double)weight.Values[row * Columns + i] * x[batch][i];
                    expected += product;
                    magnitude += Math.Abs(product);
                }
                // Every sum is rounded to a multiple of the smallest float.
                double found = output[batch * Rows + row], allowed = Tolerance * magnitude + Columns * (double)float.Epsilon;
                Assert.True(Math.Abs(found - expected) <= allowed, $"{what}: row {row} of activations {batch}: expected {expected}, found {found}, allowed {allowed}");
            }
    }

    /// <summary>What a prepared row of bytes stands for; null where it is the floats themselves.</summary>
    private static float[]? Dequantized(byte* prepared, int refined, string what)
    {
        if (what.Contains("int8 by 256", StringComparison.Ordinal))
            return Bytes(prepared, true, refined);
        if (what.Contains("int8 by 32", StringComparison.Ordinal))
            return Bytes(prepared, false, refined);
        Assert.Contains("float32", what, StringComparison.Ordinal);
        return null;
    }

    private static float[] Bytes(byte* row, bool super, int refined)
    {
        int width = super ? Int8SuperActivation.Block : Int8Activation.Group;
        float[] values = new float[Columns];
        for (int group = 0; group < Columns / width; group++)
            Add(values, group, row + group * width, Scales(row, super, Columns)[group], width);
        byte* section = row + RefinedActivation.Offset(super, Columns), rest = section + RefinedActivation.RowsOffset;
        for (int i = 0; i < refined; i++, rest += RefinedActivation.RowBytes(super))
            Add(values, ((int*)section)[i], rest, *Scales(rest, super, width), width);
        return values;
    }

    private static void Add(float[] values, int group, byte* quants, float scale, int width)
    {
        for (int i = 0; i < width; i++)
            values[group * width + i] += ((sbyte*)quants)[i] * scale;
    }

    private static float* Scales(byte* row, bool super, int columns) => (float*)(row + (super ? Int8SuperActivation.ScaleOffset(columns) : Int8Activation.ScaleOffset(columns)));

    private sealed record Node() : GraphNode("test", new GraphValue(1, "out", Rows))
    {
        public override string Operation => "test";

        public override int Revision => 1;

        public override IReadOnlyList<GraphValue> Inputs => [];
    }
}
