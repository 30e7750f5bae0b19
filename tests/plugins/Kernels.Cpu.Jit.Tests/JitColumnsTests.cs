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

    // Nothing is written but the sums of the rows, and what is held.
    [Theory, MemberData(nameof(Types))]
    public void Other_memory_stays_as_it_is(string id)
    {
        using NativeColumns native = Require(id);
        int run = id == "gptq4" ? Gptq4.NativeRun : Awq4<Simd512, Vector512<int>, Vector512<float>>.NativeRun, rows = 3 * run, bytes = rows * sizeof(float);
        using NativeBuffer words = new(rows * 32), floats = new(4 * bytes), quants = new(64);
        using GuardedMemory sums = new(bytes), held = new(bytes);
        new Random(3).NextBytes(new Span<byte>(words.Bytes, rows * 32));
        new Random(4).NextBytes(new Span<byte>(quants.Bytes, 64));
        new Span<float>(floats.Bytes, 4 * rows).Fill(0.25f);
        new Span<byte>(sums.Data, bytes).Clear();
        byte[] before = new Span<byte>(floats.Bytes, 4 * bytes).ToArray();
        TransposedGroup group = new(0.5f, 0.5f, 1, (float*)floats.Bytes, (float*)floats.Bytes + rows, (float*)sums.Data);
        native.Dot(words.Bytes, id == "gptq4" ? rows * 4 : rows / 2, 0, (sbyte*)quants.Bytes, group, (int*)held.Data);
        Assert.Equal(new byte[bytes], new Span<byte>(sums.Data, bytes).ToArray());
        native.Dot(words.Bytes, id == "gptq4" ? rows * 4 : rows / 2, rows, (sbyte*)quants.Bytes, group, (int*)held.Data);
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

    [Fact]
    public void What_machine_code_reads_of_a_group_is_where_it_reads_it()
    {
        TransposedGroup group = new(1, 2, 3, (float*)4, (float*)5, (float*)6);
        Assert.Equal(40, Unsafe.SizeOf<TransposedGroup>());
        byte* at = (byte*)&group;
        Assert.Equal((1f, 2f, 3), (*(float*)at, *(float*)(at + 4), *(int*)(at + 8)));
        Assert.Equal((4L, 5L, 6L), (*(long*)(at + 16), *(long*)(at + 24), *(long*)(at + 32)));
    }

    private static NativeColumns Require(string id)
    {
        Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");
        return new(new JitTileSource().TryGet(NativeColumns.Layout(id))!);
    }

    /// <summary>Gives code that only returns.</summary>
    private sealed class Mistaken : ITileSource
    {
        public ITile? TryGet(string layout) => new CodeTile([0xC3], "avx512_vnni");
    }
}
