using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles;

namespace Tessera.Kernels.Cpu.Tests.Tiles;

/// <summary>Every tile on every instruction set, against the row dots, which are tested against float64.</summary>
public unsafe class TileTests
{
    public static TheoryData<string, string> Kernels
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string quantization in TileTable.Quantizations)
                foreach (string isa in Isas.All.Keys)
                    data.Add(quantization, isa);
            return data;
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void Products_are_bitwise_the_row_dots(string quantization, string isa)
    {
        CpuIsa set = Isas.All[isa];
        Assert.True(RowDotTable.TryGet(quantization, set, out RowDotKernel kernel));
        bool super = kernel.Form == ActivationForm.Int8Blocks256;
        Preparation form = super ? Preparation.Int8Super(set) : Preparation.Int8(set);
        int width = TileTable.Width(set), cases = 0;
        foreach (int columns in TileCheck.Shapes(quantization))
        {
            const int rows = 19;
            using TestWeight weight = TestWeight.CreateRandomBits(quantization, rows, columns, columns);
            TileKernel? tile = TileTable.Create(quantization, weight.Rows, weight.RowBytes, columns, set);
            // Portable code has the row dots alone.
            Assert.Equal(width > 0, tile is not null);
            if (tile is null)
                return;
            tile.Compile();
            foreach (int count in Enumerable.Range(1, width))
            {
                TileCheck.Run(kernel, form, tile, weight, rows, columns, count, count <= 8 ? 8 : width);
                cases++;
            }
        }
        Assert.True(cases >= 5 * width, $"{cases} cases");
    }

    /// <summary>Codes of ones are the largest of most types; 127 and −128 of bytes.</summary>
    [Theory, MemberData(nameof(Kernels))]
    public void The_largest_values_stay_within_16_bits(string quantization, string isa)
    {
        CpuIsa set = Isas.All[isa];
        Assert.True(RowDotTable.TryGet(quantization, set, out RowDotKernel kernel));
        const int rows = 19, columns = 512;
        bool super = kernel.Form == ActivationForm.Int8Blocks256;
        Preparation form = super ? Preparation.Int8Super(set) : Preparation.Int8(set);
        float[] x = new float[columns], found = new float[rows];
        foreach (byte code in (byte[])[0xff, 0x7f, 0x80, 0])
            foreach (float sign in (float[])[1, -1])
            {
                using TestWeight weight = TestWeight.CreateOneCode(quantization, rows, columns, code);
                using NativeBuffer prepared = new(form.Bytes(columns));
                Array.Fill(x, sign);
                fixed (float* source = x, output = found)
                {
                    form.Prepare(source, columns, prepared.Bytes);
                    kernel.Dot(weight.Rows, weight.RowBytes, rows, columns, prepared.Bytes, output);
                }
                // ±1 is ±127 of 127ths, so that nothing was rounded.
                for (int row = 0; row < rows; row++)
                {
                    ReadOnlySpan<float> values = weight.Values.AsSpan(row * columns, columns);
                    double expected = 0, magnitude = 0;
                    foreach (float value in values)
                        (expected, magnitude) = (expected + sign * (double)value, magnitude + Math.Abs(value));
                    Assert.Equal(expected, found[row], 1e-5 * magnitude + 1e-12);
                }
                if (TileTable.Create(quantization, weight.Rows, weight.RowBytes, columns, set) is { } tile)
                    foreach (int count in (int[])[8, TileTable.Width(set)])
                        TileCheck.Run(kernel, form, tile, weight, rows, columns, count, TileKernel.WidthOf(count, TileTable.Width(set)));
            }
    }
}
