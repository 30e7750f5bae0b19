using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Abstractions.Backends;
using Tessera.Kernels.Cpu.Jit.Memory;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Transposed;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Linear;
using Tessera.Kernels.Cpu.Tests.RowDots;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Columns of transposed weights in machine code against the built-in kernels, which are tested against unpacked bytes.</summary>
public sealed unsafe class JitColumnsTests
{
    private static readonly CpuIsa Here = CpuIsa.Detect();

    public static TheoryData<string> Types => ["gptq4", "awq4"];

    /// <summary>Rows of no whole run, of one, of several and of some more; a group for all columns, and for as few as there may be; a last group that is shorter.</summary>
    public static TheoryData<string, int, int, int, string, int> Weights
    {
        get
        {
            TheoryData<string, int, int, int, string, int> all = [];
            foreach (string id in (string[])["gptq4", "awq4"])
            {
                foreach ((int rows, int columns, int group) in ((int, int, int)[])[(8, 32, 32), (32, 64, 32), (40, 256, 64), (128, 320, 320), (136, 320, 64), (256, 1024, 128), (328, 192, 64), (504, 160, 32), (1160, 256, 128)])
                    all.Add(id, rows, columns, group, "f16", 1);
                foreach (string type in (string[])["f32", "bf16"])
                    foreach (int offset in (int[])[0, 1])
                        all.Add(id, 200, 384, 128, type, offset);
            }
            return all;
        }
    }

    // Weights end at memory that cannot be read, and stand at odd addresses.
    [Theory, MemberData(nameof(Weights))]
    public void Products_are_bitwise_the_built_in_ones(string id, int rows, int columns, int group, string scaleType, int zeroOffset)
    {
        using NativeColumns native = Require(id);
        using PackedWeight weight = new(id, rows, columns, group, null, scaleType, zeroOffset);
        AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(id))!;
        Preparation int8 = Preparation.Int8(Here);
        PackedLinear builtIn = TransposedTable.Create(weight.Tensor, source, int8, Here)!;
        PackedLinear machine = id == "gptq4"
            ? new TransposedLinear<Gptq4>(weight.Tensor, Math.Min(group, columns), zeroOffset, source, int8, Here, null, native)
            : new TransposedLinear<Awq4<Simd512, Vector512<int>, Vector512<float>>>(weight.Tensor, Math.Min(group, columns), 0, source, int8, Here, null, native);
        float[] x = PackedProducts.Activations(columns);
        Array.Fill(x, 1, 0, columns);
        Array.Fill(x, -1, columns, columns);
        float[] expected = PackedProducts.Multiply(builtIn, x, rows);
        foreach (int block in (int[])[rows, 8, 40, 136, 264])
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), PackedProducts.Multiply(machine, x, block).Select(BitConverter.SingleToInt32Bits));
        Assert.Contains(expected, e => e != 0 && float.IsFinite(e));
    }

    // Machine code then takes all rows, and what stands beside them in lines of memory.
    [Theory]
    [InlineData("gptq4", 16)]
    [InlineData("gptq4", 1168)]
    [InlineData("awq4", 128)]
    [InlineData("awq4", 1280)]
    public void Strips_begin_where_lines_of_memory_do(string id, int rows)
    {
        const int columns = 288, group = 96;
        using NativeColumns native = Require(id);
        Preparation int8 = Preparation.Int8(Here);
        float[] x = PackedProducts.Activations(columns);
        using PackedWeight odd = new(id, rows, columns, group, null);
        float[] expected = PackedProducts.Multiply(TransposedTable.Create(odd.Tensor, AffineSource.Of(odd.Tensor, PackedWeight.Type(id))!, int8, Here)!, x, rows);
        foreach (int at in (int[])[0, 2, 4, 28, 32, 60])
        {
            using PackedWeight weight = new(id, rows, columns, group, null, at: at);
            AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(id))!;
            PackedLinear machine = id == "gptq4"
                ? new TransposedLinear<Gptq4>(weight.Tensor, group, 1, source, int8, Here, null, native)
                : new TransposedLinear<Awq4<Simd512, Vector512<int>, Vector512<float>>>(weight.Tensor, group, 0, source, int8, Here, null, native);
            foreach (int block in (int[])[rows, 8, 40, 136, 264])
                Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), PackedProducts.Multiply(machine, x, block).Select(BitConverter.SingleToInt32Bits));
        }
    }

    // Nothing is written but the sums of the rows, and nothing is read behind the words: what is wanted next is nowhere.
    [Theory, MemberData(nameof(Types))]
    public void Other_memory_stays_as_it_is(string id)
    {
        using NativeColumns native = Require(id);
        int run = id == "gptq4" ? Gptq4.LineRows : Awq4<Simd512, Vector512<int>, Vector512<float>>.LineRows, rows = 3 * run, bytes = rows * sizeof(float);
        using NativeBuffer floats = new(4 * bytes), quants = new(64);
        using GuardedMemory sums = new(bytes), words = new(rows * 16);
        new Random(3).NextBytes(new Span<byte>(words.Data, rows * 16));
        new Random(4).NextBytes(new Span<byte>(quants.Bytes, 64));
        new Span<float>(floats.Bytes, 4 * rows).Fill(0.25f);
        new Span<byte>(sums.Data, bytes).Clear();
        byte[] before = new Span<byte>(floats.Bytes, 4 * bytes).ToArray();
        float* factors = stackalloc float[] { 0.5f, 0.5f };
        ColumnStrip strip = new()
        {
            Words = words.Data,
            Stride = id == "gptq4" ? rows * 4 : rows / 2,
            Quants = (sbyte*)quants.Bytes,
            Steps = factors,
            Next = words.Data + rows * 16,
            ActivationSums = factors + 1,
            Sums = (float*)sums.Data,
            Scales = (float*)floats.Bytes,
            Minimums = (float*)floats.Bytes + rows,
            Units = 1,
        };
        native.Multiply(strip);
        Assert.Equal(new byte[bytes], new Span<byte>(sums.Data, bytes).ToArray());
        strip.Rows = rows;
        native.Multiply(strip with { Units = 0 });
        Assert.Equal(new byte[bytes], new Span<byte>(sums.Data, bytes).ToArray());
        native.Multiply(strip);
        Assert.Equal(before, new Span<byte>(floats.Bytes, 4 * bytes).ToArray());
        Assert.DoesNotContain(0f, new Span<float>(sums.Data, rows).ToArray());
    }

    [Theory, MemberData(nameof(Types))]
    public void The_backend_tries_them_and_says_what_it_found(string id)
    {
        using NativeColumns native = Require(id);
        Assert.True(ColumnsTrial.Run(id, native).IsEqual);
        using NativeRowDots mistaken = new([new Mistaken()], Here);
        Assert.Null(mistaken.FindColumns(id, out string why));
        Assert.Equal("avx512_vnni not used: its products are not those of the built-in one", why);
        Assert.Equal([$"columns of {id} ({why})"], mistaken.Refused);
        using NativeRowDots none = new([], Here);
        Assert.Null(none.FindColumns(id, out why));
        Assert.Equal("", why);
    }

    [Theory, MemberData(nameof(Types))]
    public void A_weight_says_what_multiplies_it(string id)
    {
        using NativeColumns native = Require(id);
        using PackedWeight weight = new(id, 64, 256, 64, null);
        AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(id))!;
        using NativeRowDots refusing = new([new Mistaken()], Here), without = new([], Here);
        Assert.Equal("avx512_vnni not used: its products are not those of the built-in one", TransposedTable.Create(weight.Tensor, source, Preparation.Int8(Here), Here, null, refusing)!.InstructionSet);
        Assert.Equal(id == "gptq4" ? "avx2" : "avx512", TransposedTable.Create(weight.Tensor, source, Preparation.Int8(Here), Here, null, without)!.InstructionSet);
    }

    [Theory, MemberData(nameof(Types))]
    public void Scales_are_written_for_whole_runs_alone(string id)
    {
        using NativeColumns native = Require(id);
        int run = id == "gptq4" ? Gptq4.LineRows : Awq4<Simd512, Vector512<int>, Vector512<float>>.LineRows, bytes = 2 * run * sizeof(float);
        using NativeBuffer stored = new(run * 4), zeros = new(run);
        using GuardedMemory scales = new(bytes), minimums = new(bytes);
        new Span<ushort>(stored.Bytes, 2 * run).Fill(0x3C00);
        new Span<byte>(zeros.Bytes, run).Fill(0x33);
        new Span<byte>(scales.Data, bytes).Clear();
        new Span<byte>(minimums.Data, bytes).Clear();
        native.Factors(stored.Bytes, zeros.Bytes, 1, run - 8, (float*)scales.Data, (float*)minimums.Data);
        Assert.Equal(new byte[bytes], new Span<byte>(scales.Data, bytes).ToArray());
        native.Factors(stored.Bytes, zeros.Bytes, 1, 2 * run - 8, (float*)scales.Data, (float*)minimums.Data);
        Assert.Equal([.. Enumerable.Repeat(1f, run), .. new float[run]], new Span<float>(scales.Data, 2 * run).ToArray());
        Assert.Equal([.. Enumerable.Repeat(-4f, run), .. new float[run]], new Span<float>(minimums.Data, 2 * run).ToArray());
    }

    [Fact]
    public void What_machine_code_reads_of_a_strip_is_where_it_reads_it()
    {
        ColumnStrip strip = new() { Words = (byte*)1, Stride = 2, Quants = (sbyte*)3, Steps = (float*)4, ActivationSums = (float*)5, Sums = (float*)6, LaneBytes = 7, Scales = (float*)8, Minimums = (float*)9, Next = (byte*)10, Rows = 11, Units = 12 };
        Assert.Equal(88, Unsafe.SizeOf<ColumnStrip>());
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (long)i), new Span<long>(&strip, 10).ToArray());
        Assert.Equal([11, 12], new Span<int>((byte*)&strip + 80, 2).ToArray());
    }

    private static NativeColumns Require(string id)
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        ITile[] leases = [.. NativeColumns.Layouts(id).Select(layout => new JitTileSource().TryGet(layout)!)];
        return new(leases[0], leases[1]);
    }

    /// <summary>Gives code that only returns.</summary>
    private sealed class Mistaken : ITileSource
    {
        public ITile? TryGet(string layout) => new CodeTile([0xC3], "avx512_vnni");
    }
}
