using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Tests.Ops;

public unsafe class HalvesTests
{
    [Fact]
    public void All_65536_halves_widen_exactly()
    {
        float* found = stackalloc float[64];
        ushort* halves = stackalloc ushort[16];
        for (int bits = 0; bits < 65536; bits += 16)
        {
            for (int k = 0; k < 16; k++)
                halves[k] = (ushort)(bits + k);
            Halves.Widen(halves).Store(found);
            Halves.Widen(halves + 8).Store(found + 8);
            Check(halves, found, specials: true);
            Halves.WidenFinite(halves).Store(found);
            Halves.WidenFinite(halves + 8).Store(found + 8);
            Check(halves, found, specials: false);
            if (!Avx512F.IsSupported)
                continue;
            Halves.Widen16(halves).Store(found);
            Check(halves, found, specials: true);
            Halves.WidenFinite16(halves).Store(found);
            Check(halves, found, specials: false);
        }

        static void Check(ushort* halves, float* found, bool specials)
        {
            for (int k = 0; k < 16; k++)
            {
                float expected = (float)BitConverter.UInt16BitsToHalf(halves[k]);
                if (!specials && !float.IsFinite(expected))
                    continue;
                Assert.True(float.IsNaN(expected) ? float.IsNaN(found[k]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(found[k]), $"{halves[k]:x4}: expected {expected}, found {found[k]}");
            }
        }
    }

    [Fact]
    public void Floats_round_as_the_runtime_rounds_them()
    {
        Random random = new(1);
        for (int i = 0; i < 300_000; i++)
        {
            // Half of them around the range of halves, and every half's neighbours and midpoints.
            float x = i < 65536 * 3
                ? Shift(BitConverter.UInt16BitsToHalf((ushort)(i / 3)), i % 3)
                : BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            Half expected = (Half)x;
            ushort found = Halves.Narrow(Vector256.Create(x)).ToScalar();
            Assert.True(Half.IsNaN(expected) ? Half.IsNaN(BitConverter.UInt16BitsToHalf(found)) : BitConverter.HalfToUInt16Bits(expected) == found, $"{x:R}: expected {expected}, found {found:x4}");
        }

        // The half itself, the midpoint to its neighbour, and just above that.
        static float Shift(Half half, int by)
        {
            if (by == 0 || !Half.IsFinite(half))
                return (float)half;
            float middle = ((float)half + (float)Half.BitIncrement(half)) / 2;
            return by == 1 ? middle : MathF.BitIncrement(middle);
        }
    }
}
