using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Rows of Q4_K and Q5_K: scale 2 · minimum scale 2 · group scales and minimums 12 · (fifth bits 32) · nibbles 128, each 32 bytes of which are two groups of 32.</summary>
/// <param name="hasFifthBits">Q5_K.</param>
internal sealed class KRowCode(bool hasFifthBits) : SuperRowCode
{
    private const int Head = 16, Pairs = 4;

    // Vectors that stay.
    private const int Shift = 21, Nibble = 22, Pick = 23, Rotate = 27, FifthBit = 31;

    protected override int BlockBytes => hasFifthBits ? 176 : 144;

    protected override bool HasMinimums => true;

    protected override void Prepare()
    {
        // The first 32 bytes are low nibbles, the others high ones.
        C.vmovdqu32(Z[Shift], Constant(i => (byte)(i >= 32 && i % 2 == 0 ? 4 : 0)));
        C.vmovdqu32(Z[Nibble], Constant(_ => 15));
        for (int pair = 0; pair < Pairs; pair++)
        {
            int first = 2 * pair;
            C.vmovdqu32(Z[Pick + pair], Constant(i => (byte)(i % 4 == 0 ? first + i / 32 : 0x80)));
            // Bit g of group g goes to bit 4.
            if (hasFifthBits)
                C.vmovdqu32(Z[Rotate + pair], Constant(i => (byte)(i % 4 == 0 ? (first + i / 32 - 4) & 31 : 0)));
        }
        if (hasFifthBits)
            C.vmovdqu32(Z[FifthBit], Constant(_ => 16));
    }

    /// <summary>Four heads of 16 bytes become the lanes of one vector: eight scales and eight minimums in each.</summary>
    protected override void Heads(int blocks)
    {
        C.vmovdqu(X[0], __xmmword_ptr[r11]);
        for (int block = 1; block < blocks; block++)
            C.vinserti32x4(Z[0], Z[0], __xmmword_ptr[r11 + block * BlockBytes], (byte)block);
        C.vpcompressd(Z[6].k2.z, Z[0]);
        C.vpsrld(X[7], X[6], 16);
        C.vpmovdw(X[6], X[6]);
        C.vcvtph2ps(X[6], X[6]);
        C.vpmovdw(X[7], X[7]);
        C.vcvtph2ps(X[7], X[7]);
        // Fours a, b, c: the scales 0–3 are the low six bits of a, the minimums 0–3 of b; the top two bits belong to the scales and minimums 4–7, whose low four bits are c's nibbles.
        byte[] low = [4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15], top = [0x80, 0x80, 0x80, 0x80, 4, 5, 6, 7, 0x80, 0x80, 0x80, 0x80, 8, 9, 10, 11];
        C.vpshufb(Z[15], Z[0], Constant(i => low[i % 16]));
        C.vpsrlvd(Z[15], Z[15], Constant(i => (byte)(i % 16 == 12 ? 4 : 0)));
        C.vpandd(Z[15], Z[15], Constant(i => (byte)(i % 8 < 4 ? 63 : 15)));
        C.vpshufb(Z[1], Z[0], Constant(i => top[i % 16]));
        C.vpsrld(Z[1], Z[1], 2);
        C.vpternlogd(Z[15], Z[1], Constant(_ => 0x30), Or);
        C.vpshufb(Z[14], Z[15], Constant(i => (byte)(i % 2 == 0 ? 8 + i % 16 / 2 : 0x80)));
    }

    protected override void Block(int block)
    {
        int start = block * BlockBytes, nibbles = start + (hasFifthBits ? Head + 32 : Head);
        C.vshufi32x4(Z[1], Z[15], Z[15], (byte)(block * 0b01_01_01_01));
        if (hasFifthBits)
            C.vbroadcasti64x4(Z[3], __ymmword_ptr[r11 + start + Head]);
        for (int pair = 0; pair < Pairs; pair++)
        {
            C.vbroadcasti64x4(Z[2], __ymmword_ptr[r11 + nibbles + 32 * pair]);
            C.vpsrlvw(Z[2], Z[2], Z[Shift]);
            C.vpandd(Z[2], Z[2], Z[Nibble]);
            if (hasFifthBits)
            {
                C.vprorvd(Z[5], Z[3], Z[Rotate + pair]);
                C.vpternlogd(Z[2], Z[5], Z[FifthBit], Or);
            }
            C.vpshufb(Z[13], Z[1], Z[Pick + pair]);
            Add(block, 64 * pair, Z[2], Z[13], isFirst: pair == 0);
        }
    }
}
