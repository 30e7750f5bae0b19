using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Rows of blocks of 32 columns, eight taken together; the activations have a scale for each block. rbx is the negated sums, r12 the scales, r13 the scaled sums.</summary>
/// <remarks>ymm6 holds eight blocks' scales, ymm7 their minimums. Two blocks fill a vector of bytes.</remarks>
/// <param name="bits">4, 5 or 8 a weight.</param>
/// <param name="hasMinimum">Whether a minimum follows the scale; else the middle value is zero.</param>
internal sealed class GroupRowCode(int bits, bool hasMinimum) : RowCode
{
    // Vectors that stay.
    private const int Order = 21, Nibble = 22, Shift = 23, FifthBit = 24, SignBit = 25;

    private int HeadBytes => hasMinimum ? 4 : 2;

    private int Quants => HeadBytes + (bits == 5 ? 4 : 0);

    protected override int BlockBytes => Quants + (bits == 8 ? 32 : 16);

    protected override int BlockColumns => 32;

    protected override int Together => 8;

    protected override (int Rbx, int R12, int R13) Steps => (Together * sizeof(int), Together * sizeof(float), Together * sizeof(float));

    protected override void Sections()
    {
        SectionBytes(eax, 0);
        C.lea(r12, __[r8 + rax * 2]);
        SectionBytes(eax, 3);
        C.lea(r13, __[r12 + rax]);
        C.lea(rbx, __[r13 + rax]);
    }

    protected override void Prepare()
    {
        // Blocks 0 2 4 6 of the first half and 1 3 5 7 of the second.
        C.vmovdqu32(Z[Order], Constant(i => (byte)(i % 4 > 0 ? 0 : i / 8 + (i % 8 == 4 ? 8 : 0))));
        if (bits == 8)
            C.vmovdqu32(Z[SignBit], Constant(_ => 0x80));
        else
        {
            C.vmovdqu32(Z[Nibble], Constant(_ => 15));
            C.vmovdqu32(Z[Shift], Constant(i => (byte)(i % 32 >= 16 && i % 2 == 0 ? 4 : 0)));
        }
        if (bits == 5)
            C.vmovdqu32(Z[FifthBit], Constant(_ => 16));
    }

    protected override void Multiply(int blocks)
    {
        Scales(blocks);
        for (int pair = 0; pair < (blocks + 1) / 2; pair++)
        {
            Unpack(2 * pair, isAlone: 2 * pair + 1 == blocks);
            int to = Integers + pair;
            C.vpxor(X[to], X[to], X[to]);
            C.vpdpbusd(Z[to], Z[2], __[rax + 64 * pair]);
        }
    }

    /// <summary>Block i of eight goes to lane i, by a fused multiply-add with the product of both scales, then of its minimum and the activations' sum.</summary>
    protected override void AddToSum(int blocks)
    {
        Transpose((blocks + 1) / 2);
        C.vshufi32x4(Z[5], Z[4], Z[4], 0b10_11_00_01);
        C.vpaddd(Z[4], Z[4], Z[5]);
        C.vpermd(Z[4], Z[Order], Z[4]);
        if (!hasMinimum)
        {
            // What all weights are too large by.
            C.vmovdqu(Y[5], __[rbx]);
            C.vpslld(Y[5], Y[5], (byte)(bits - 1));
            C.vpaddd(Y[4], Y[4], Y[5]);
        }
        C.vcvtdq2ps(Y[4], Y[4]);
        C.vmulps(Y[5], Y[6], __[r12]);
        C.evex.vfmadd231ps(Y[Sum], Y[4], Y[5]);
        if (hasMinimum)
            C.evex.vfmadd231ps(Y[Sum], Y[7], __[r13]);
    }

    protected override void Fold()
    {
        C.vmovdqa32(Y[4], Y[Sum]);
        C.vextractf128(X[5], Y[4], 1);
        C.vaddps(X[5], X[4], X[5]);
    }

    /// <summary>Halves to floats: the scales, and the minimums where there are some. Blocks that are not there have none.</summary>
    private void Scales(int blocks)
    {
        int perVector = hasMinimum ? 4 : 8;
        for (int first = 0; first < 8; first += perVector)
        {
            int to = first > 0 ? 1 : 0;
            C.vpxor(X[to], X[to], X[to]);
            for (int block = first; block < Math.Min(blocks, first + perVector); block++)
                if (hasMinimum)
                    C.vpinsrd(X[to], X[to], __dword_ptr[r11 + block * BlockBytes], (byte)(block - first));
                else
                    C.vpinsrw(X[to], X[to], __word_ptr[r11 + block * BlockBytes], (byte)block);
        }
        if (hasMinimum)
        {
            C.vinserti128(Y[0], Y[0], X[1], 1);
            C.vpsrld(Y[1], Y[0], 16);
            C.vpmovdw(X[0], Y[0]);
            C.vpmovdw(X[1], Y[1]);
            C.vcvtph2ps(Y[7], X[1]);
        }
        C.vcvtph2ps(Y[6], X[0]);
    }

    /// <summary>Two blocks' weights as unsigned bytes in the order of columns, to register 2; of one that is alone, the second half is multiplied with nothing.</summary>
    private void Unpack(int block, bool isAlone)
    {
        int first = block * BlockBytes, second = first + BlockBytes;
        if (bits == 8)
        {
            C.vmovdqu(Y[2], __ymmword_ptr[r11 + first + Quants]);
            if (!isAlone)
                C.vinserti64x4(Z[2], Z[2], __ymmword_ptr[r11 + second + Quants], 1);
            C.vpxord(Z[2], Z[2], Z[SignBit]);
            return;
        }
        C.vbroadcasti128(Y[2], __xmmword_ptr[r11 + first + Quants]);
        if (!isAlone)
        {
            C.vbroadcasti128(Y[3], __xmmword_ptr[r11 + second + Quants]);
            C.vinserti64x4(Z[2], Z[2], Y[3], 1);
        }
        C.vpsrlvw(Z[2], Z[2], Z[Shift]);
        C.vpandd(Z[2], Z[2], Z[Nibble]);
        if (bits != 5)
            return;
        // Bit i of four bytes is column i's fifth.
        C.kmovd(k1, __dword_ptr[r11 + first + HeadBytes]);
        if (!isAlone)
        {
            C.kmovd(k2, __dword_ptr[r11 + second + HeadBytes]);
            C.kunpckdq(k1, k2, k1);
        }
        C.vpaddb(Z[2].k1, Z[2], Z[FifthBit]);
    }
}
