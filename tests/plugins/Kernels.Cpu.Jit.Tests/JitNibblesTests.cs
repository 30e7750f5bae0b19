using Tessera.Abstractions.Backends;
using Tessera.Kernels.Cpu.Jit.Memory;
using Tessera.Kernels.Cpu.Linear;
using Tessera.Kernels.Cpu.Linear.Nibbles;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Linear;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Rows of nibbles in machine code against the built-in ones, which are tested against unpacked bytes.</summary>
public sealed unsafe class JitNibblesTests
{
    private static readonly CpuIsa Here = CpuIsa.Detect();

    public static TheoryData<string, string> Forms
    {
        get
        {
            TheoryData<string, string> all = new() { { "mx_fp4", "f32" } };
            foreach (string id in (string[])["mlx_affine4", "ct_packed4", "ct_packed4.zeros"])
                foreach (string type in (string[])["f32", "f16", "bf16"])
                    all.Add(id, type);
            return all;
        }
    }

    public static TheoryData<string> Layouts => [.. All().Select(f => f.ToString())];

    // Weights end at memory that cannot be read, and stand at odd addresses.
    [Theory, MemberData(nameof(Forms))]
    public void Products_are_bitwise_the_built_in_ones(string id, string scaleType)
    {
        Require();
        HashSet<NibbleForm> forms = [];
        foreach ((int columns, int group) in Shapes().Where(s => id != "mx_fp4" || s.Group == 32))
        {
            using PackedWeight weight = new(id, 21, columns, group, null, scaleType);
            AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type(weight.Tensor.Quantization))!;
            Preparation int8 = Preparation.Int8(Here);
            LinearKernel builtIn = NibbleTable.Create(weight.Tensor, source, int8, Here)!;
            NibbleRows rows = NibbleTable.Rows(weight.Tensor)!;
            NibbleForm form = new(rows);
            forms.Add(form);
            using NativeNibbles native = new(new JitTileSource().TryGet(form.Layout)!);
            NibbleLinear machine = new(weight.Tensor, rows, NibbleTable.Kernel(rows, native), "", source, int8, Here, null);
            float[] x = PackedProducts.Activations(columns);
            Array.Fill(x, 1, 0, columns);
            Array.Fill(x, -1, columns, columns);
            float[] expected = PackedProducts.Multiply(builtIn, x, 21);
            // Five activation rows are three and two; blocks begin anywhere in a word of zero points.
            foreach (int block in (int[])[21, 1, 8, 3])
                Assert.Equal(expected.Select(Bits), PackedProducts.Multiply(machine, x, block).Select(Bits));
            Assert.Contains(expected, e => e != 0 && float.IsFinite(e));
        }
        Assert.Equal(id == "mx_fp4" ? 1 : 4, forms.Count);
    }

    // Scales of all kinds of numbers and of none, and of every byte that is a power.
    [Theory, MemberData(nameof(Layouts))]
    public void Scales_may_be_any_bits(string name)
    {
        Require();
        NibbleForm form = All().Single(f => f.ToString() == name);
        const int groups = 256, rowCount = 2, scaleBytes = groups * 4;
        int columns = form.Times * 32;
        using NativeBuffer data = new(rowCount * groups * 16 + 8192), scales = new(rowCount * scaleBytes), others = new(rowCount * scaleBytes), activation = new(Int8Activation.Bytes(columns));
        using NativeNibbles native = new(new JitTileSource().TryGet(form.Layout)!);
        Random random = new(form.Times);
        random.NextBytes(new Span<byte>(data.Bytes, rowCount * groups * 16));
        random.NextBytes(new Span<byte>(scales.Bytes, rowCount * scaleBytes));
        random.NextBytes(new Span<byte>(others.Bytes, rowCount * scaleBytes));
        float[] x = [.. Enumerable.Range(0, columns).Select(_ => random.NextSingle() - 0.5f)];
        fixed (float* from = x)
            Int8Activation.Prepare(from, columns, activation.Bytes, Here);
        int compared = 0;
        // Few groups at a time, so that most products are numbers.
        for (int first = 0; first < groups; first += form.Times)
        {
            byte* part = scales.Bytes + first * 4, other = others.Bytes + first * 4;
            if (form.Kind == NibbleKind.E2M1)
                *part = (byte)first;
            NibbleRows rows = new(form.Kind, form.Type, form.Times, columns, data.Bytes + first * 16, part, 0, form.Kind is NibbleKind.Biases or NibbleKind.Zeros ? other : null);
            float[] expected = Product(NibbleTable.Kernel(rows, null), activation.Bytes), found = Product(NibbleTable.Kernel(rows, native), activation.Bytes);
            Assert.Equal(expected.Select(Bits), found.Select(Bits));
            compared += expected.Count(float.IsFinite);
        }
        Assert.True(compared > groups / form.Times, $"{compared}");
    }

    [Theory, MemberData(nameof(Layouts))]
    public void The_backend_tries_them_and_says_what_it_found(string name)
    {
        Require();
        NibbleForm form = All().Single(f => f.ToString() == name);
        using NativeNibbles native = new(new JitTileSource().TryGet(form.Layout)!);
        Assert.True(NibblesTrial.Run(form, native, Here).IsEqual);
        using NativeRowDots mistaken = new([new Mistaken()], Here);
        Assert.Null(mistaken.FindNibbles(form, out string why));
        Assert.Equal("avx512_vnni not used: its products are not those of the built-in one", why);
        Assert.Equal([$"rows of {name} ({why})"], mistaken.Refused);
        using NativeRowDots none = new([], Here);
        Assert.Null(none.FindNibbles(form, out why));
        Assert.Equal("", why);
    }

    [Fact]
    public void A_weight_says_what_multiplies_it()
    {
        Require();
        using PackedWeight weight = new("mlx_affine4", 8, 256, 64, null, "bf16");
        AffineSource source = AffineSource.Of(weight.Tensor, PackedWeight.Type("mlx_affine4"))!;
        using NativeRowDots refusing = new([new Mistaken()], Here);
        Assert.Equal("avx512_vnni not used: its products are not those of the built-in one", NibbleTable.Create(weight.Tensor, source, Preparation.Int8(Here), Here, null, refusing)!.InstructionSet);
        using NativeRowDots without = new([], Here);
        Assert.Equal("avx2", NibbleTable.Create(weight.Tensor, source, Preparation.Int8(Here), Here, null, without)!.InstructionSet);
    }

    private static float[] Product(NibbleKernel kernel, byte* activation)
    {
        float[] products = new float[2];
        using NativeBuffer scratch = new((int)kernel.ScratchBytes);
        fixed (float* to = products)
            kernel.Multiply(0, 2, scratch.Bytes, activation, 0, 1, to, 2);
        return products;
    }

    // Every number of groups behind whole eights, as far as groups that share a scale go; one scale for a row.
    private static IEnumerable<(int Columns, int Group)> Shapes()
    {
        foreach (int times in (int[])[1, 2, 4])
            for (int groups = times; groups <= 24; groups += times)
                yield return (groups * 32, times * 32);
        foreach ((int columns, int group) in ((int, int)[])[(512, 256), (1024, 512), (1536, 512), (2048, 256), (768, 768), (1056, 1056), (352, 352), (2048, 4096)])
            yield return (columns, group);
    }

    private static IEnumerable<NibbleForm> All()
    {
        foreach (NibbleKind kind in (NibbleKind[])[NibbleKind.Biases, NibbleKind.Middle, NibbleKind.Zeros])
            foreach (ScaleType type in Enum.GetValues<ScaleType>())
                foreach (int times in (int[])[1, 2, 4, 8])
                    yield return new(kind, type, times);
        yield return new(NibbleKind.E2M1, ScaleType.F32, 1);
    }

    /// <summary>A number's bits; of what is none, that it is none.</summary>
    private static int Bits(float value) => float.IsNaN(value) ? int.MaxValue : BitConverter.SingleToInt32Bits(value);

    private static void Require() => Assert.SkipUnless(Processor.HasVnni512, "no AVX-512 VNNI here");

    /// <summary>Gives code that only returns.</summary>
    private sealed class Mistaken : ITileSource
    {
        public ITile? TryGet(string layout) => new CodeTile([0xC3], "avx512_vnni");
    }
}
