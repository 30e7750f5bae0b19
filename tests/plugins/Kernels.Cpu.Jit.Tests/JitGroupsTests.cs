using Tessera.Abstractions.Backends;
using Tessera.Abstractions.Quantization;
using Tessera.Kernels.Cpu.Jit.Memory;
using Tessera.Kernels.Cpu.Linear.Grouped;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Native;
using Tessera.Kernels.Cpu.Tests.Linear;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Jit.Tests;

/// <summary>Rows of described groups in machine code against the built-in loop, which is tested against unpacked bytes.</summary>
public sealed unsafe class JitGroupsTests
{
    private const int Rows = 5;

    private static readonly CpuIsa Here = CpuIsa.Detect();

    public static TheoryData<string> Layouts => [.. DescribedType.Layouts.Where(l => IsTaken(l.Value)).Select(l => l.Key)];

    [Theory, MemberData(nameof(Layouts))]
    public void Products_are_bitwise_the_built_in_ones(string name)
    {
        GroupLayout layout = DescribedType.Layouts[name];
        using NativeGroups native = Require(layout.Bits);
        Assert.True(GroupedRows.TakesNative(layout, Here));
        GroupedRows built = GroupedRows.Of(layout, Here)!, machine = GroupedRows.Of(layout, Here, native)!;
        foreach (int columns in new[] { 32, 224, 256, 480, 512, 2048 })
            foreach (int x in new[] { 0, 1, -1 })
            {
                int[] expected = Products(built, layout, columns, x);
                Assert.Equal(expected, Products(machine, layout, columns, x));
                Assert.Contains(expected, e => e != 0 && float.IsFinite(BitConverter.Int32BitsToSingle(e)));
            }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_backend_tries_them_and_says_what_it_found(int bits)
    {
        using NativeGroups native = Require(bits);
        Assert.True(GroupsTrial.Run(bits, native, Here).IsEqual);
        using NativeRowDots mistaken = new([new Mistaken()], Here);
        Assert.Null(mistaken.FindGroups(bits, out string why));
        Assert.EndsWith("not used: its products are not those of the built-in one", why, StringComparison.Ordinal);
        Assert.Equal([$"rows of groups of {bits} bits ({why})"], mistaken.Refused);
        using NativeRowDots none = new([], Here);
        Assert.Null(none.FindGroups(bits, out why));
        Assert.Equal("", why);
    }

    [Fact]
    public void Other_groups_have_none()
    {
        Assert.All(DescribedType.Layouts.Where(l => !IsTaken(l.Value)), l => Assert.False(GroupedRows.TakesNative(l.Value, Here)));
        Assert.All([4, 5], bits => Assert.Null(new JitTileSource().TryGet(NativeGroups.Layout(bits))));
    }

    // The weights end at memory that cannot be read. Scales are of every kind but none: what a NaN carries may differ.
    private static int[] Products(GroupedRows groups, GroupLayout layout, int columns, int x)
    {
        int count = Rows * columns / 32, length = count * layout.Bytes;
        using GuardedMemory weights = new(length);
        Random random = new(columns);
        Span<byte> all = new(weights.Data, length);
        random.NextBytes(all);
        all[..(length / Rows)].Fill(0xFF);
        for (int group = 0; group < count; group++)
            BitConverter.TryWriteBytes(all[(group * layout.Bytes + layout.ScaleAt)..], group % 9 == 8 && group > columns / 32 ? BitConverter.UInt16BitsToHalf((ushort)(group * 37 & 0x83FF)) : (Half)(random.NextSingle() - 0.4f));
        using NativeBuffer activation = new(Int8Activation.Bytes(columns)), turned = new(groups.TurnedBytes(columns));
        float[] source = [.. Enumerable.Range(0, columns).Select(_ => x == 0 ? random.NextSingle() - 0.5f : x)], products = new float[Rows];
        fixed (float* from = source, to = products)
        {
            Int8Activation.Prepare(from, columns, activation.Bytes, Here);
            groups.Turn(activation.Bytes, columns, turned.Bytes);
            groups.Multiply(weights.Data, weights.Data + length, Rows, columns, activation.Bytes, turned.Bytes, to);
        }
        return [.. products.Select(BitConverter.SingleToInt32Bits)];
    }

    private static bool IsTaken(GroupLayout layout) => layout is { Bits: < 4, Bytes: <= 16 };

    private static NativeGroups Require(int bits)
    {
        Assert.SkipUnless(Processor.HasVnni512 && Here.Avx512Vbmi, "no AVX-512 VNNI and VBMI here");
        return new(new JitTileSource().TryGet(NativeGroups.Layout(bits))!);
    }

    /// <summary>Gives the code of the other number of bits.</summary>
    private sealed class Mistaken : ITileSource
    {
        public ITile? TryGet(string layout) => new JitTileSource().TryGet(NativeGroups.Layout(layout == NativeGroups.Layout(2) ? 3 : 2));
    }
}
