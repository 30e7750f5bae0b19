using Tessera.Abstractions.Quantization;

namespace Tessera.Kernels.Cpu.Tests.Linear;

/// <summary>What plugins unpack with, against its description, on whatever vectors there are.</summary>
public unsafe class GroupUnpackTests
{
    private const int Group = 32;

    // Of 50 bytes and more two groups do not lie in 64.
    public static MatrixTheoryData<int, int> Cases => new([20, 22, 34, 50, 100], [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 31, 128]);

    private delegate void Unpacking(byte* low, byte* high, int stride, int groups, byte* values);

    private delegate int Element(byte* low, byte* high, int element);

    [Theory, MemberData(nameof(Cases))]
    public void Two_bits(int stride, int groups) =>
        Check(stride, groups, 8, (low, _, s, g, values) => GroupUnpack.TwoBits(low, s, g, values), (low, _, e) => low[e % 8] >> (e / 8 * 2) & 3);

    [Theory, MemberData(nameof(Cases))]
    public void Three_bits(int stride, int groups) =>
        Check(stride, groups, 8, GroupUnpack.ThreeBits, (low, high, e) => (low[e % 8] >> (e / 8 * 2) & 3) | Bit(high, e) << 2);

    [Theory, MemberData(nameof(Cases))]
    public void Four_bits(int stride, int groups) =>
        Check(stride, groups, 16, (low, _, s, g, values) => GroupUnpack.FourBits(low, s, g, values), (low, _, e) => low[e % 16] >> (e / 16 * 4) & 15);

    [Theory, MemberData(nameof(Cases))]
    public void Five_bits(int stride, int groups) =>
        Check(stride, groups, 16, GroupUnpack.FiveBits, (low, high, e) => (low[e % 16] >> (e / 16 * 4) & 15) | Bit(high, e) << 4);

    /// <summary>Every float16, at even distances; what the runtime makes of it, bit for bit, but for what a NaN carries.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(14)]
    [InlineData(18)]
    public void Halves_are_the_runtimes(int stride)
    {
        const int Count = 1 << 16;
        using GuardedMemory stored = new((Count - 1) * stride + sizeof(ushort));
        float[] found = new float[Count];
        for (int i = 0; i < Count; i++)
            *(ushort*)(stored.Data + i * stride) = (ushort)i;
        fixed (float* scales = found)
            GroupUnpack.Halves(stored.Data, stride, Count, scales);
        for (int i = 0; i < Count; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            Assert.True(float.IsNaN(expected) ? float.IsNaN(found[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(found[i]), $"{i:x4}: {expected} and {found[i]}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(19)]
    public void Minimums_are_scales_times_zero(int groups)
    {
        float[] scales = [.. Enumerable.Range(0, groups).Select(i => i / 3f)], found = new float[groups + 1];
        fixed (float* s = scales, m = found)
            GroupUnpack.Minimums(s, groups, 4, m);
        Assert.Equal([.. scales.Select(s => 4 * s), 0], found);
    }

    [Fact]
    public void A_distance_that_is_none_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => GroupUnpack.TwoBits(null, 0, 8, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => GroupUnpack.Halves(null, 1, 8, null));
    }

    // A group is its low bits and, at its end, its high ones; behind the last byte nothing may be read.
    private static void Check(int stride, int groups, int lowBytes, Unpacking unpack, Element expected)
    {
        int length = groups == 0 ? 0 : (groups - 1) * stride + lowBytes + sizeof(uint);
        using GuardedMemory packed = new(length);
        new Random(groups).NextBytes(new Span<byte>(packed.Data, length));
        byte[] found = new byte[groups * Group + 1];
        fixed (byte* values = found)
            unpack(packed.Data, packed.Data + lowBytes, stride, groups, values);
        for (int i = 0; i < groups * Group; i++)
        {
            byte* low = packed.Data + i / Group * stride;
            Assert.True(expected(low, low + lowBytes, i % Group) == found[i], $"element {i % Group} of group {i / Group}");
        }
        Assert.Equal(0, found[^1]);
    }

    private static int Bit(byte* high, int element) => high[element / 8] >> element % 8 & 1;
}
