using Tessera.Quant.Ggml.Codebooks;
using Tessera.Quant.Ggml.Numerics;

namespace Tessera.Quant.Ggml.Tests;

public class CodebookTests
{
    [Fact]
    public void Entries_are_distinct_ascending_and_of_levels_that_exist()
    {
        Check(Iq2XxsGrid.Entries, 256, bits: 2, levels: 3);
        Check(Iq2XsGrid.Entries, 512, bits: 2, levels: 3);
        Check(Iq2SGrid.Entries, 1024, bits: 2, levels: 3);
        Check(Iq1Grid.Entries, 2048, bits: 2, levels: 3);
        Check(Iq3XxsGrid.Entries, 256, bits: 4, levels: 8);
        Check(Iq3SGrid.Entries, 512, bits: 4, levels: 8);
    }

    [Fact]
    public void Seven_signs_get_an_eighth_that_makes_them_even()
    {
        for (uint seven = 0; seven < 128; seven++)
        {
            uint signs = Codebook.EvenSigns(seven | 0xff80);
            Assert.Equal(seven, signs & 127);
            Assert.Equal(0u, uint.PopCount(signs) % 2);
            Assert.InRange(signs, 0u, 255u);
        }
    }

    [Fact]
    public void The_nearest_level_is_the_nearest()
    {
        for (int value = -2000; value <= 2000; value++)
        {
            float x = value / 10f;
            int found = Iq4Levels.Nearest(x);
            Assert.Equal(Iq4Levels.All.ToArray().Min(level => MathF.Abs(level - x)), MathF.Abs(Iq4Levels.All[found] - x));
        }
    }

    [Fact]
    public void Scales_of_eight_bits_round_trip()
    {
        // From 256 on the reference writes the largest.
        for (int bits = 0; bits < 0x7f; bits++)
            Assert.Equal(bits < 0x78 ? bits : 0x7e, SmallFloats.ToE4M3(SmallFloats.HalfOfE4M3((byte)bits) * 2));
        Assert.Equal(448, 2 * SmallFloats.HalfOfE4M3(0x7e));
        Assert.Equal(0, SmallFloats.HalfOfE4M3(0x7f));
        Assert.Equal(1f / 512, 2 * SmallFloats.HalfOfE4M3(1));
        for (int exponent = 0; exponent < 256; exponent++)
            Assert.Equal(Math.Pow(2, exponent - 128), SmallFloats.HalfOfE8M0((byte)exponent));
    }

    [Fact]
    public unsafe void Trits_round_trip()
    {
        sbyte* trits = stackalloc sbyte[80], back = stackalloc sbyte[80];
        byte* packed = stackalloc byte[16];
        for (int number = 0; number < 243; number++)
        {
            for (int n = 0, rest = number; n < 5; n++, rest /= 3)
                for (int i = 0; i < 16; i++)
                    trits[16 * n + i] = (sbyte)((rest + i) % 3);
            for (int i = 0; i < 16; i++)
                packed[i] = Trits.Join(trits + i, 16, Trits.OfByte);
            Trits.Split16(packed, 16, back);
            for (int i = 0; i < 80; i++)
                Assert.Equal(trits[i] - 1, back[i]);
            Trits.Split4(packed, back);
            for (int i = 0; i < 16; i++)
                Assert.Equal(trits[i / 4 * 16 + i % 4] - 1, back[i]);
        }
    }

    [Fact]
    public unsafe void Scales_of_six_bits_round_trip()
    {
        Random random = new(5);
        byte[] scales = new byte[16];
        byte* packed = stackalloc byte[12], back = stackalloc byte[16];
        for (int round = 0; round < 1000; round++)
        {
            for (int i = 0; i < 16; i++)
                scales[i] = (byte)random.Next(64);
            SixBitScales.Write(scales, packed);
            SixBitScales.Read(packed, back);
            Assert.Equal(scales, new ReadOnlySpan<byte>(back, 16).ToArray());
            // The format's own words for the scales 1 and 14.
            Assert.Equal(scales[1], packed[1] & 15 | (packed[9] & 3) << 4);
            Assert.Equal(scales[14], packed[6] >> 4 | packed[10] >> 6 << 4);
        }
    }

    private static void Check(ReadOnlySpan<ushort> entries, int count, int bits, int levels)
    {
        Assert.Equal(count, entries.Length);
        for (int i = 0; i < count; i++)
        {
            Assert.True(i == 0 || entries[i] > entries[i - 1], $"entry {i} of {count} is not above the one before it");
            for (int shift = 0; shift < 16; shift += bits)
                Assert.InRange(entries[i] >> shift & (1 << bits) - 1, 0, levels - 1);
        }
    }
}
