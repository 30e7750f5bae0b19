using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Blocks of 32 columns; activations have a scale for each block. r12 leads to the scales, r13 to the scaled sums, r14 to the negated sums.</summary>
/// <param name="bits">4, 5 or 8 a weight.</param>
/// <param name="hasMinimum">Whether a minimum follows the scale; else the middle value is zero.</param>
internal sealed class GroupTurnedCode(int bits, bool hasMinimum) : TurnedCode
{
    private const int Vectors = 8, Weights = 16, Scale = 24, Minimum = 25, Fifths = 26, Dots = 0;

    private int HeadBytes => hasMinimum ? 4 : 2;

    private int Quants => HeadBytes + (bits == 5 ? 4 : 0);

    protected override int BlockBytes => Quants + (bits == 8 ? 32 : 16);

    protected override int Turns => bits == 8 ? 2 : 1;

    protected override int BlockColumns => 32;

    protected override int Lanes => 8;

    protected override (int R12, int R13, int R14) Steps => (sizeof(float), sizeof(float), sizeof(int));

    protected override void Sections()
    {
        SectionBytes(eax, 0);
        C.lea(r12, __[rax * 2]);
        SectionBytes(eax, 3);
        C.lea(r13, __[r12 + rax]);
        C.lea(r14, __[r13 + rax]);
    }

    protected override void Block()
    {
        PointToRows();
        Gather(Scale, 0, isWord: !hasMinimum);
        if (hasMinimum)
        {
            C.vpsrld(Z[Minimum], Z[Scale], 16);
            Widen(Minimum, Minimum);
        }
        Widen(Scale, Scale);
        if (bits == 5)
            Gather(Fifths, HeadBytes);
        Turn(Weights, Quants);
        if (bits == 8)
            Turn(Weights + 4, Quants + 16);
        Unpack();
        AddToLane(AddRow);
    }

    /// <summary>Unsigned bytes: low nibbles are the first 16 columns, high ones the others; bit i of four bytes is column i's fifth.</summary>
    private void Unpack()
    {
        if (bits == 8)
        {
            for (int i = 0; i < Vectors; i++)
                C.vpxord(Z[Weights + i], Z[Weights + i], Everywhere(unchecked((int)0x80808080)));
            return;
        }
        for (int i = 0; i < Vectors / 2; i++)
        {
            C.vpsrld(Z[Weights + 4 + i], Z[Weights + i], 4);
            C.vpandd(Z[Weights + 4 + i], Z[Weights + 4 + i], Everywhere(0x0F0F0F0F));
            C.vpandd(Z[Weights + i], Z[Weights + i], Everywhere(0x0F0F0F0F));
        }
        for (int pair = 0; pair < Vectors / 2 && bits == 5; pair++)
        {
            int source = pair;
            C.vpshufb(Z[0], Z[Fifths], Constant(at => (byte)(at % 16 / 4 * 4 + source)));
            for (int half = 0; half < 2; half++)
            {
                int first = 4 * half, to = Weights + 2 * pair + half;
                C.vptestmb(k1, Z[0], Constant(at => (byte)(1 << (first + at % 4))));
                C.vpaddb(Z[to].k1, Z[to], Constant(_ => 16));
            }
        }
    }

    /// <summary>The block's integers times the product of both scales, in a fused multiply-add; then its minimums with the activations' sum.</summary>
    private void AddRow(bool isFirst)
    {
        if (hasMinimum)
            C.vpxor(X[Dots], X[Dots], X[Dots]);
        else
            // What all weights are too large by.
            C.vpslld(Z[Dots], __dword_bcst[rax + r14], (byte)(bits - 1));
        AddDots(Dots, Weights, 0, Vectors);
        C.vcvtdq2ps(Z[Dots], Z[Dots]);
        C.vmulps(Z[1], Z[Scale], __dword_bcst[rax + r12]);
        MultiplyAddLane(Dots, 1, isFirst);
        if (hasMinimum)
            C.vfmadd231ps(Z[Dots], Z[Minimum], __dword_bcst[rax + r13]);
    }
}
