using Tessera.Abstractions.Backends;
using Tessera.Kernels.Cpu.Jit.Memory;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Row dots in machine code against the built-in ones, which are tested against float64.</summary>
public sealed unsafe class JitRowsTests
{
    private static readonly CpuIsa Here = CpuIsa.Detect();

    // One row both ways, all small numbers, and those around the most of a call.
    private static readonly (int Count, int FewestTogether)[] Counts = [(1, 1), .. Enumerable.Range(1, 11).Select(count => (count, 2)), (17, 2), (31, 2), (32, 2), (33, 2)];

    public static TheoryData<string> Types => ["q4_0", "q4_1", "q5_0", "q5_1", "q8_0", "q4_k", "q5_k", "q6_k"];

    [Theory, MemberData(nameof(Types))]
    public void Products_are_bitwise_the_built_in_ones(string quantization)
    {
        using NativeRows native = Require(quantization);
        const int rows = 37;
        int cases = 0;
        // Every number of blocks that is left when four, or eight small ones, were taken together.
        int[] shapes = TestWeight.BlockSize(quantization) == 256 ? [256, 512, 768, 1024, 1280, 2048, 3840] : [32, 64, 96, 128, 160, 192, 224, 256, 288, 576, 2048];
        foreach (int columns in shapes)
            foreach (BlockScales scales in Enum.GetValues<BlockScales>())
            {
                using TestWeight weight = TestWeight.CreateRandomBits(quantization, rows, columns, columns, scales);
                cases += Check(native, quantization, weight, rows, columns);
            }
        Assert.Equal(shapes.Length * Enum.GetValues<BlockScales>().Length * Counts.Length, cases);
    }

    [Theory, MemberData(nameof(Types))]
    public void The_largest_values_of_both_signs_are_exact(string quantization)
    {
        using NativeRows native = Require(quantization);
        foreach (byte code in (byte[])[0xff, 0x7f, 0x80, 0])
        {
            using TestWeight weight = TestWeight.CreateOneCode(quantization, 16, 1280, code);
            Assert.Equal(Counts.Length, Check(native, quantization, weight, 16, 1280));
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void The_backend_tries_them_and_says_what_it_found(string quantization)
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        Assert.True(RowDotTable.TryGet(quantization, Here, out RowDotKernel kernel));
        using NativeRows native = Require(quantization);
        Assert.True(RowsTrial.Run(kernel, native, Here).IsEqual);
        using NativeRowDots found = new([new Mistaken()], Here);
        Assert.Null(found.Find(kernel, out string why));
        Assert.Equal("mistaken not used: its products are not those of the built-in one", why);
        using NativeRowDots none = new([new Partial()], Here);
        Assert.Null(none.Find(kernel, out why));
        Assert.Equal(("", Partial.Given), (why, Partial.Returned));
        Assert.NotEqual(0, Partial.Given);
    }

    /// <summary>One to 33 activation rows, the last of them not a number; answers the number of cases.</summary>
    private static int Check(NativeRows native, string quantization, TestWeight weight, int rows, int columns)
    {
        const int most = 33, gap = 3;
        Assert.True(RowDotTable.TryGet(quantization, Here, out RowDotKernel kernel));
        Preparation form = kernel.Form == ActivationForm.Int8Blocks256 ? Preparation.Int8Super(Here) : Preparation.Int8(Here);
        int stride = ((form.Bytes(columns) + 63) & ~63) + 64;
        using NativeBuffer activations = new(stride * most), x = new(columns * sizeof(float));
        Random random = new(columns);
        for (int row = 0; row < most; row++)
        {
            for (int i = 0; i < columns; i++)
                ((float*)x.Bytes)[i] = row switch { 0 => 1, 1 => -1, most - 1 when i == columns - 1 => float.NaN, _ => random.NextSingle() - 0.5f };
            form.Prepare((float*)x.Bytes, columns, activations.Bytes + row * stride);
        }
        foreach ((int count, int fewest) in Counts)
        {
            native.FewestTogether = fewest;
            float[] expected = new float[count * (rows + gap)], found = new float[expected.Length];
            Array.Fill(expected, -1);
            Array.Fill(found, -1);
            fixed (float* to = expected)
                kernel.DotRows(weight.Rows, weight.RowBytes, rows, columns, activations.Bytes, stride, count, to, rows + gap);
            fixed (float* to = found)
                native.DotRows(weight.Rows, weight.RowBytes, rows, columns, activations.Bytes, stride, count, to, rows + gap);
            Assert.Equal(expected.Select(Bits), found.Select(Bits));
        }
        return Counts.Length;
    }

    /// <summary>A number's bits; of what is none, that it is none.</summary>
    private static int Bits(float value) => float.IsNaN(value) ? int.MaxValue : BitConverter.SingleToInt32Bits(value);

    private static NativeRows Require(string quantization)
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        JitTileSource source = new();
        return new([.. NativeRows.Layouts(quantization).Select(layout => source.TryGet(layout)!)]);
    }

    /// <summary>Gives the code of the type with the smallest blocks of those that read the same activations for several rows, so that nothing beyond them is read; of that type itself, code that only returns.</summary>
    private sealed class Mistaken : ITileSource
    {
        public ITile? TryGet(string layout)
        {
            if (!layout.StartsWith("cpu.turned.", StringComparison.Ordinal))
                return new Lease(new JitTileSource().TryGet(layout)!, "mistaken", () => { });
            string smallest = layout.Contains("_k.", StringComparison.Ordinal) ? "cpu.turned.q4_k.r1" : "cpu.turned.q4_0.r1";
            return new Lease(layout == smallest ? new CodeTile([Return], "returns") : new JitTileSource().TryGet(smallest)!, "mistaken", () => { });
        }

        private const byte Return = 0xC3;
    }

    /// <summary>Has no code for several rows.</summary>
    private sealed class Partial : ITileSource
    {
        public static int Given { get; private set; }

        public static int Returned { get; private set; }

        public ITile? TryGet(string layout)
        {
            if (layout.StartsWith("cpu.turned.", StringComparison.Ordinal))
                return null;
            Given++;
            return new Lease(new JitTileSource().TryGet(layout)!, "partial", () => Returned++);
        }
    }

    private sealed class Lease(ITile tile, string description, Action returned) : ITile
    {
        public nint EntryPoint => tile.EntryPoint;

        public string Description => description;

        public void Dispose()
        {
            returned();
            tile.Dispose();
        }
    }
}
