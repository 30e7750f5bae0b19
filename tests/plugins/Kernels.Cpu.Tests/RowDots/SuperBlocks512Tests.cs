using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;

namespace Tessera.Kernels.Cpu.Tests.RowDots;

/// <summary>Super-blocks in vectors of 512 bits against 256, whichever of them the table chooses here.</summary>
public unsafe class SuperBlocks512Tests
{
    private const int Rows = 11;

    // Fewer than four blocks, multiples of four, and one to three more.
    private static readonly int[] Columns = [256, 768, 1024, 1280, 1536, 1792, 2048, 4096, 11008];

    public static TheoryData<string, int> Shapes
    {
        get
        {
            TheoryData<string, int> data = [];
            foreach (string quantization in (string[])["q2_k", "q3_k", "q4_k", "q5_k", "q6_k"])
                foreach (int columns in Columns)
                    data.Add(quantization, columns);
            return data;
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Random_bits_give_bitwise_the_same(string quantization, int columns)
    {
        foreach (BlockScales scales in Enum.GetValues<BlockScales>())
            Check(quantization, columns, TestWeight.CreateRandomBits(quantization, Rows, columns, 21, scales), distinct: scales is BlockScales.Sane);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void The_smallest_and_largest_codes_and_scales_give_bitwise_the_same(string quantization, int columns)
    {
        foreach (byte code in (byte[])[0, 0xff, 0x7f, 0x80, 0xaa])
            Check(quantization, columns, TestWeight.CreateOneCode(quantization, Rows, columns, code));
    }

    [Theory, MemberData(nameof(Shapes))]
    public void A_block_whose_scale_is_no_finite_number_gives_the_same(string quantization, int columns)
    {
        (int bytes, int[] halves) = Layout(quantization);
        foreach (ushort bits in (ushort[])[0x7c00, 0xfc00, 0x7e00])
            foreach (int half in halves)
            {
                TestWeight weight = TestWeight.CreateRandomBits(quantization, Rows, columns, 23);
                // Another block in every row.
                for (int row = 0; row < Rows; row++)
                    *(ushort*)(weight.Rows + row * weight.RowBytes + row % (columns / 256) * bytes + half) = bits;
                Check(quantization, columns, weight, finite: false);
            }
    }

    private static void Check(string quantization, int columns, TestWeight weight, bool finite = true, bool distinct = false)
    {
        using (weight)
        {
            Assert.SkipUnless(CpuIsa.Detect().Avx512Vbmi, "AVX-512 with VBMI, and GFNI");
            RowDotKernel narrow = Kernel(quantization, new CpuIsa(Avx2: true, AvxVnni: false, Avx512: false), "avx2");
            // The form uses nothing of VNNI: the table can be told that it is here.
            RowDotKernel wide = Kernel(quantization, new CpuIsa(Avx2: true, AvxVnni: true, Avx512: true, Avx512Vbmi: true), "avx512");
            foreach (int rows in (int[])[1, 2, 5, Rows])
            {
                // The rows that are taken are the last, which end where memory does.
                byte* first = weight.Rows + (Rows - rows) * weight.RowBytes;
                using NativeBuffer activation = Activation(columns);
                float[] expected = new float[rows], found = new float[rows];
                fixed (float* e = expected, f = found)
                {
                    narrow.Dot(first, weight.RowBytes, rows, columns, activation.Bytes, e);
                    wide.Dot(first, weight.RowBytes, rows, columns, activation.Bytes, f);
                }
                Assert.Equal(expected.Select(Bits), found.Select(Bits));
                Assert.All(expected, value => Assert.Equal(finite, float.IsFinite(value)));
                if (distinct)
                    Assert.Equal(rows, expected.Distinct().Count());
            }
        }
    }

    /// <summary>A number's bits; what is none has whatever bits the operands' order gives it.</summary>
    private static int Bits(float value) => float.IsNaN(value) ? int.MinValue + 1 : BitConverter.SingleToInt32Bits(value);

    private static RowDotKernel Kernel(string quantization, CpuIsa isa, string expected)
    {
        Assert.True(RowDotTable.TryGet(quantization, isa, out RowDotKernel kernel));
        Assert.Equal(expected, kernel.InstructionSet);
        return kernel;
    }

    private static (int Bytes, int[] Halves) Layout(string quantization) => quantization switch
    {
        "q2_k" => (Q2_K.Bytes, [Q2_K.Scale, Q2_K.Scale + 2]),
        "q3_k" => (Q3_K.Bytes, [Q3_K.Scale]),
        "q4_k" => (Q4_K.Bytes, [Q4_K.Scale, Q4_K.Scale + 2]),
        "q5_k" => (Q5_K.Bytes, [Q5_K.Scale, Q5_K.Scale + 2]),
        _ => (Q6_K.Bytes, [Q6_K.Scale]),
    };

    /// <summary>Values of both signs up to the largest that a byte takes, in every block.</summary>
    private static NativeBuffer Activation(int columns)
    {
        Random random = new(22);
        float[] x = new float[columns];
        for (int i = 0; i < columns; i++)
            x[i] = i % 5 == 0 ? (i % 256 < 128 ? 1 : -1) : random.NextSingle() * 2 - 1.1f;
        NativeBuffer prepared = new(Int8SuperActivation.Bytes(columns));
        fixed (float* source = x)
            Int8SuperActivation.Prepare(source, columns, prepared.Bytes, new CpuIsa(Avx2: true, AvxVnni: false, Avx512: false));
        return prepared;
    }
}
