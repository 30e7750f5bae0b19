using Tessera.Kernels.Cpu.Cache;
using Tessera.Kernels.Cpu.Cache.Entries;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.Tests.RowDots;

namespace Tessera.Kernels.Cpu.Tests.Cache;

/// <summary>What is written into a tile is read from it, as its elements' type rounds it.</summary>
public unsafe class CacheEntriesTests
{
    private const int Group = 32, Margin = 64;

    public static TheoryData<KvType, int, int> Lengths =>
        [.. from type in Enum.GetValues<KvType>() from lengths in new[] { (64, 64), (80, 80), (12, 20), (40, 33), (576, 512), (1, 1) } select (type, lengths.Item1, lengths.Item2)];

    [Theory, MemberData(nameof(Lengths))]
    public void Entries_are_rounded_to_their_type_and_lie_apart(KvType type, int keyLength, int valueLength)
    {
        CacheLayout layout = new(new CacheSpec("blk.0", 1, keyLength, valueLength), 0, 1, type);
        using NativeBuffer tile = new(layout.TileBytes + Margin), room = new(sizeof(float) * AttentionTile.Entries * (keyLength + layout.ValueStride));
        Random random = new(keyLength + (int)type);
        float[][] keys = [.. Enumerable.Range(0, AttentionTile.Entries).Select(e => Values(random, keyLength, e))], values = [.. Enumerable.Range(0, AttentionTile.Entries).Select(e => Values(random, valueLength, e))];
        // In any order, and some twice: an entry is given to another token.
        foreach (int entry in (int[])[3, .. Enumerable.Range(0, AttentionTile.Entries).Reverse(), 5])
            fixed (float* key = keys[entry], value = values[entry])
                Assert.True(CacheEntries.Write(layout, tile.Bytes, entry, key, value));

        foreach (bool finite in (bool[])[false, true])
        {
            float* found = CacheEntries.Keys(layout, tile.Bytes, room.Floats, finite);
            for (int e = 0; e < AttentionTile.Entries; e++)
                for (int i = 0; i < keyLength; i++)
                    Assert.Equal(Rounded(type, keys[e], i), found[i * AttentionTile.Entries + e]);
            found = CacheEntries.Values(layout, tile.Bytes, AttentionTile.Entries, room.Floats, finite);
            for (int e = 0; e < AttentionTile.Entries; e++)
                for (int i = 0; i < valueLength; i++)
                    Assert.Equal(Rounded(type, values[e], i), found[e * layout.ValueStride + i]);
        }
        Assert.False(new Span<byte>(tile.Bytes + layout.TileBytes, Margin).ContainsAnyExcept((byte)0xff));
    }

    [Theory]
    [InlineData(0, 16, 24)]
    [InlineData(3, 11, 24)]
    [InlineData(0, 16, 77)]
    [InlineData(5, 9, 64)]
    public void Keys_of_several_rows_are_what_each_row_writes_and_tell_what_is_not_finite(int entry, int count, int length)
    {
        const int width = 16;
        Random random = new(count);
        float[] keys = Values(random, length * width, 0), value = new float[length];
        foreach (KvType type in Enum.GetValues<KvType>())
            foreach (bool overflows in (bool[])[false, true])
            {
                // In a row beside those that are written, it does not matter.
                keys[5 * width + (overflows ? 15 - (16 - count) : 15)] = overflows || count < 16 ? 1e6f : 1;
                CacheLayout layout = new(new CacheSpec("blk.0", 1, length, length), 0, 1, type);
                using NativeBuffer together = new(layout.TileBytes), alone = new(layout.TileBytes), room = new(length * width * sizeof(ushort));
                new Span<byte>(together.Bytes, (int)layout.TileBytes).Clear();
                new Span<byte>(alone.Bytes, (int)layout.TileBytes).Clear();
                bool finite = true;
                fixed (float* k = keys, v = value)
                {
                    byte* rounded = KeyPanel.Round(type, k, length, width, (ushort*)room.Bytes);
                    Assert.Equal(type != KvType.F16 || !overflows, KeyPanel.Write(layout, together.Bytes, entry, rounded, 0, width, count));
                    for (int row = 0; row < count; row++)
                    {
                        float[] key = [.. Enumerable.Range(0, length).Select(i => keys[i * width + row])];
                        fixed (float* one = key)
                            finite &= CacheEntries.Write(layout, alone.Bytes, entry + row, one, v);
                        Assert.True(CacheEntries.WriteValue(layout, together.Bytes, entry + row, v));
                    }
                }
                Assert.Equal(type != KvType.F16 || !overflows, finite);
                Assert.Equal(new Span<byte>(alone.Bytes, (int)layout.TileBytes), new Span<byte>(together.Bytes, (int)layout.TileBytes));
                value[3] = 1e6f;
                fixed (float* v = value)
                    Assert.Equal(type != KvType.F16, CacheEntries.WriteValue(layout, together.Bytes, 2, v));
                value[3] = 0;
            }
    }

    [Theory]
    [InlineData(8, 3, 40)]
    [InlineData(16, 0, 128)]
    [InlineData(16, 9, 5)]
    public void Keys_of_every_size_have_the_scales_of_rows(int width, int first, int length)
    {
        Random random = new(length);
        // The smallest scale is 2⁻²⁴, above 65504 · 127 there is none.
        float[] sizes = [1, 0, 2e-8f * 127, 5e-8f * 127, 9e-8f * 127, 1e-5f, 8.3e6f, 8.4e6f, float.PositiveInfinity, 1e38f];
        float[] keys = [.. Enumerable.Range(0, length * width).Select(i => (random.NextSingle() * 2 - 1) * sizes[(i % width + i / width / Group) % sizes.Length])], value = new float[length];
        keys[2 * width + first] = float.NaN;
        CacheLayout layout = new(new CacheSpec("blk.0", 1, length, length), 0, 1, KvType.Q8);
        int count = Math.Min(width - first, 11);
        using NativeBuffer together = new(layout.TileBytes), alone = new(layout.TileBytes), room = new(length * width * sizeof(ushort) + 64);
        new Span<byte>(together.Bytes, (int)layout.TileBytes).Clear();
        new Span<byte>(alone.Bytes, (int)layout.TileBytes).Clear();
        fixed (float* k = keys, v = value)
        {
            KeyPanel.Write(layout, together.Bytes, 4, KeyPanel.Round(KvType.Q8, k, length, width, (ushort*)room.Bytes), first, width, count);
            for (int row = 0; row < count; row++)
            {
                float[] key = [.. Enumerable.Range(0, length).Select(i => keys[i * width + first + row])];
                fixed (float* one = key)
                    CacheEntries.Write(layout, alone.Bytes, 4 + row, one, v);
            }
        }
        Assert.Equal(new Span<byte>(alone.Bytes, (int)layout.TileBytes), new Span<byte>(together.Bytes, (int)layout.TileBytes));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_is_not_read_as_a_number(float bad)
    {
        float* x = stackalloc float[64];
        new Span<float>(x, 64).Fill(1);
        x[40] = bad;
        foreach (KvType type in Enum.GetValues<KvType>())
        {
            CacheLayout layout = new(new CacheSpec("blk.0", 1, 64, 64), 0, 1, type);
            using NativeBuffer tile = new(layout.TileBytes + Margin), room = new(sizeof(float) * AttentionTile.Entries * 64);
            Assert.Equal(type != KvType.F16, CacheEntries.Write(layout, tile.Bytes, 7, x, x));
            Assert.False(float.IsFinite(CacheEntries.Keys(layout, tile.Bytes, room.Floats)[40 * AttentionTile.Entries + 7]), $"{type}: key");
            Assert.False(float.IsFinite(CacheEntries.Values(layout, tile.Bytes, 8, room.Floats)[7 * 64 + 40]), $"{type}: value");
        }
    }

    [Fact]
    public void Floats_round_to_the_nearest_bfloat16()
    {
        CacheLayout layout = new(new CacheSpec("blk.0", 1, 8, 8), 0, 1, KvType.BF16);
        using NativeBuffer tile = new(layout.TileBytes + Margin), room = new(sizeof(float) * AttentionTile.Entries * 8);
        float* x = stackalloc float[8];
        Random random = new(5);
        for (int round = 0; round < 20_000; round++)
        {
            // Half of them on a midpoint or beside it.
            for (int i = 0; i < 8; i++)
                x[i] = BitConverter.Int32BitsToSingle(i % 2 == 0 ? random.Next(int.MinValue, int.MaxValue) : (random.Next(int.MinValue, int.MaxValue) & ~0xffff) + 0x8000 + random.Next(-1, 2));
            CacheEntries.Write(layout, tile.Bytes, 0, x, x);
            float* found = CacheEntries.Values(layout, tile.Bytes, 1, room.Floats);
            for (int i = 0; i < 8; i++)
                Assert.Equal(Brain(x[i]), found[i]);
        }
    }

    private static float[] Values(Random random, int count, int entry)
    {
        // One entry of zeros, one of the smallest, one of large numbers.
        float size = entry switch { 1 => 0, 2 => 1e-9f, 4 => 3000, _ => 1 };
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1) * size)];
    }

    private static float Rounded(KvType type, float[] x, int i) => type switch
    {
        KvType.F16 => (float)(Half)x[i],
        KvType.BF16 => Brain(x[i]),
        KvType.Q8 => Byte(x, i),
        _ => x[i],
    };

    // The nearer of the two neighbours with eight bits of mantissa, by distance in double precision.
    private static float Brain(float x)
    {
        if (float.IsNaN(x))
            return float.NaN;
        int bits = BitConverter.SingleToInt32Bits(x);
        float below = BitConverter.Int32BitsToSingle(bits & ~0xffff), above = BitConverter.Int32BitsToSingle((bits & ~0xffff) + 0x10000);
        if (float.IsInfinity(x))
            return x;
        // What is nearer to 2^128 than to the largest number is infinite.
        double far = float.IsInfinity(above) ? Math.CopySign(Math.Pow(2, 128), x) : above;
        double toBelow = Math.Abs((double)x - below), toAbove = Math.Abs(far - x);
        return toBelow < toAbove || (toBelow == toAbove && (BitConverter.SingleToInt32Bits(below) & 0x10000) == 0) ? below : above;
    }

    private static float Byte(float[] x, int i)
    {
        float[] group = x[(i / Group * Group)..Math.Min(x.Length, i / Group * Group + Group)];
        float scale = (float)(Half)(group.Max(Math.Abs) / 127);
        return scale == 0 ? 0 : (float)Math.Clamp(Math.Round(x[i] * (1 / scale), MidpointRounding.ToEven), -127, 127) * scale;
    }
}
