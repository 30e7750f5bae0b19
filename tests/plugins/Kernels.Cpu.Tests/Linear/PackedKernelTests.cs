using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>Products of packed weights of four bits, read as they stand, against the unpacked rows, their tiles and float64.</summary>
public class PackedKernelTests
{
    public static TheoryData<string, int, int, int> Shapes => new()
    {
        { "gptq4", 8, 32, 32 }, { "gptq4", 72, 256, 64 }, { "gptq4", 256, 320, 320 }, { "gptq4", 200, 1024, 128 }, { "gptq4", 48, 96, 32 },
        { "mlx_affine4", 5, 32, 32 }, { "mlx_affine4", 7, 256, 64 }, { "mlx_affine4", 9, 640, 128 }, { "mlx_affine4", 3, 1056, 32 }, { "mlx_affine4", 2, 1024, 256 },
        { "ct_packed4", 5, 32, 32 }, { "ct_packed4", 17, 384, 128 }, { "ct_packed4", 9, 352, 352 }, { "ct_packed4.zeros", 21, 640, 64 }, { "ct_packed4.zeros", 8, 288, 288 },
        { "mx_fp4", 5, 32, 32 }, { "mx_fp4", 7, 608, 32 },
        { "awq4", 8, 32, 32 }, { "awq4", 64, 256, 128 }, { "awq4", 136, 320, 64 }, { "awq4", 256, 1024, 1024 }, { "awq4", 72, 96, 96 }, { "awq4", 328, 192, 64 }, { "awq4", 200, 640, 128 }, { "awq4", 504, 128, 64 }, { "awq4", 776, 64, 32 },
    };

    /// <summary>Scales of every type, and zero points of both kinds; whole runs of rows and parts of them.</summary>
    public static TheoryData<string, int, int, int, string, int> Scales
    {
        get
        {
            TheoryData<string, int, int, int, string, int> all = [];
            foreach (string type in (string[])["f16", "bf16", "f32"])
            {
                foreach (int offset in (int[])[0, 1])
                {
                    all.Add("gptq4", 72, 256, 64, type, offset);
                    all.Add("gptq4", 200, 320, 320, type, offset);
                }
                all.Add("awq4", 72, 256, 64, type, 0);
                all.Add("awq4", 328, 192, 192, type, 0);
                all.Add("mlx_affine4", 7, 640, 64, type, 0);
                all.Add("ct_packed4", 17, 384, 128, type, 0);
                all.Add("ct_packed4.zeros", 21, 640, 64, type, 0);
            }
            return all;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Products_are_bitwise_those_of_the_unpacked_rows_and_of_the_tiles(string id, int rows, int columns, int group) => Check(id, rows, columns, group, "f16", 1);

    [Theory, MemberData(nameof(Scales))]
    public void Scales_are_of_any_type_and_zero_points_of_either_kind(string id, int rows, int columns, int group, string scaleType, int zeroOffset) => Check(id, rows, columns, group, scaleType, zeroOffset);

    /// <summary>Words behind the beginning of memory's lines, by any number of them or not by whole ones; rows whose lines are all alike, and some whose are not.</summary>
    public static TheoryData<string, int, int> Places
    {
        get
        {
            TheoryData<string, int, int> all = [];
            foreach ((string id, int rows) in ((string, int)[])[("gptq4", 16), ("gptq4", 208), ("gptq4", 200), ("awq4", 128), ("awq4", 896), ("awq4", 328)])
                foreach (int at in (int[])[0, 2, 4, 20, 32, 36, 60])
                    all.Add(id, rows, at);
            return all;
        }
    }

    [Theory, MemberData(nameof(Places))]
    public void Words_may_begin_anywhere_in_a_line_of_memory(string id, int rows, int at)
    {
        const int columns = 320, group = 64;
        Assert.SkipUnless(Isas.All.ContainsKey("avx2"), "transposed weights need AVX2");
        float[] x = PackedProducts.Activations(columns), expected = Product(Isas.All["avx2"], id, rows, columns, group, "f16", 1);
        using PackedWeight weight = new(id, rows, columns, group, null, at: at);
        AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(id))!;
        foreach (CpuIsa isa in Isas.All.Values.Where(isa => isa.Avx2))
        {
            PackedLinear kernel = TransposedTable.Create(weight.Tensor, source, Preparation.Int8(isa), isa)!;
            foreach (int block in (int[])[rows, 8, 136, 264])
                Assert.Equal(expected, PackedProducts.Multiply(kernel, x, block));
        }
    }

    private static void Check(string id, int rows, int columns, int group, string scaleType, int zeroOffset)
    {
        List<float[]> found = [.. Isas.All.Values.Where(isa => isa.Avx2).Select(isa => Product(isa, id, rows, columns, group, scaleType, zeroOffset))];
        Assert.All(found, product => Assert.Equal(found[0], product));
    }

    private static float[] Product(CpuIsa isa, string id, int rows, int columns, int group, string scaleType, int zeroOffset)
    {
        using PackedWeight weight = new(id, rows, columns, group, null, scaleType, zeroOffset);
        AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(weight.Tensor.Quantization))!;
        Preparation int8 = Preparation.Int8(isa);
        PackedLinear kernel = (TransposedTable.Create(weight.Tensor, source, int8, isa) ?? NibbleTable.Create(weight.Tensor, source, int8, isa))!;
        AffineLinear unpacked = new(weight.Tensor, source, int8, isa);
        float[] x = PackedProducts.Activations(columns), expected = PackedProducts.Multiply(unpacked, x, 8), found = PackedProducts.Multiply(kernel, x, rows);
        PackedProducts.Near(weight, x, found);
        Assert.Equal(expected, found);
        // Blocks of any number of rows give the same.
        Assert.Equal(expected, PackedProducts.Multiply(kernel, x, 8));
        Assert.Equal(expected, PackedProducts.Multiply(kernel, x, 40));
        Assert.Equal(expected, PackedProducts.Multiply(kernel, x, 136));
        Assert.Equal(expected, PackedProducts.Multiply(kernel, x, 264));
        Assert.Equal(expected, PackedProducts.Tiles(kernel, x, isa));
        Assert.Equal(id == "awq4" && isa.Avx512 ? "avx512" : "avx2", kernel.InstructionSet);
        return expected;
    }
}
