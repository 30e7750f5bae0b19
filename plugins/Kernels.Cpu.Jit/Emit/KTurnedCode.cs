using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Q4_K and Q5_K: scale 2 · minimum scale 2 · group scales and minimums 12 · (fifth bits 32) · nibbles 128, each 32 bytes of which are two groups of 32.</summary>
/// <remarks>Behind rcx stand the eight groups' scales, then the fifth bits.</remarks>
/// <param name="hasFifthBits">Q5_K.</param>
internal sealed class KTurnedCode(bool hasFifthBits) : SuperTurnedCode
{
    private const int Head = 16, Pairs = 4, Low = 8, High = 16, Scale = 24, MinimumScale = 25, Minimums = 26, Fifths = 8;

    protected override int BlockBytes => hasFifthBits ? 176 : 144;

    protected override int Turns => hasFifthBits ? 11 : 9;

    protected override void Block()
    {
        PointToUnpacked();
        PointToRows();
        Heads();
        if (hasFifthBits)
            KeepFifths();
        for (int pair = 0; pair < Pairs; pair++)
        {
            if (pair > 0)
                PointToRows();
            int nibbles = Head + (hasFifthBits ? 32 : 0) + 32 * pair;
            Turn(Low, nibbles);
            Turn(Low + 4, nibbles + 16);
            Unpack(pair);
            int group = 2 * pair;
            PointToIntegers();
            ForEachRow(
                () =>
                {
                    AddGroup(Dots, Low, 32 * group, 8, group);
                    AddGroup(Dots + 1, High, 32 * group + 32, 8, group + 1);
                    C.vpaddd(Z[Dots], Z[Dots], Z[Dots + 1]);
                    if (group > 0)
                        C.vpaddd(Z[Dots], Z[Dots], __zmmword_ptr[rbp]);
                    C.vmovdqu32(__zmmword_ptr[rbp], Z[Dots]);
                },
                rbp);
        }
        LoadRest(rcx);
        AddToLane(AddRow, rcx);
    }

    /// <summary>Fours a, b, c: the scales 0–3 are the low six bits of a, the minimums 0–3 of b; the top two bits belong to the scales and minimums 4–7, whose low four bits are c's nibbles.</summary>
    private void Heads()
    {
        const int a = 9, b = 10, c = 11, high = 12;
        Turn(8, 0);
        Widen(Scale, 8);
        C.vpsrld(Z[8], Z[8], 16);
        Widen(MinimumScale, 8);
        C.vpandd(Z[high], Z[c], Everywhere(0x0F0F0F0F));
        C.vpsrld(Z[0], Z[a], 2);
        C.vpternlogd(Z[high], Z[0], Everywhere(0x30303030), Or);
        C.vpandd(Z[a], Z[a], Everywhere(0x3F3F3F3F));
        for (int group = 0; group < 8; group++)
        {
            C.vpsrld(Z[0], Z[group < 4 ? a : high], (byte)(group % 4 * 8));
            C.vpandd(Z[0], Z[0], Everywhere(0xFF));
            C.vmovdqu32(__zmmword_ptr[rcx + group * VectorBytes], Z[0]);
        }
        C.vpsrld(Z[c], Z[c], 4);
        C.vpandd(Z[c], Z[c], Everywhere(0x0F0F0F0F));
        C.vpsrld(Z[0], Z[b], 2);
        C.vpternlogd(Z[c], Z[0], Everywhere(0x30303030), Or);
        C.vpandd(Z[b], Z[b], Everywhere(0x3F3F3F3F));
        // The minimums of two groups as shorts.
        for (int pair = 0; pair < Pairs; pair++)
        {
            int first = pair % 2 * 2;
            C.vpshufb(Z[Minimums + pair], Z[pair < 2 ? b : c], Constant(i => (byte)(i % 2 == 0 ? i % 16 / 4 * 4 + first + i % 4 / 2 : 0x80)));
        }
    }

    private void KeepFifths()
    {
        Turn(Fifths, Head);
        Turn(Fifths + 4, Head + 16);
        for (int i = 0; i < 8; i++)
            C.vmovdqu32(__zmmword_ptr[rcx + (8 + i) * VectorBytes], Z[Fifths + i]);
    }

    /// <summary>Low nibbles are the first group; bit g of a column's byte is its fifth in group g.</summary>
    private void Unpack(int pair)
    {
        for (int i = 0; i < 8; i++)
        {
            C.vpsrld(Z[High + i], Z[Low + i], 4);
            C.vpandd(Z[High + i], Z[High + i], Everywhere(0x0F0F0F0F));
            C.vpandd(Z[Low + i], Z[Low + i], Everywhere(0x0F0F0F0F));
            for (int group = 0; group < 2 && hasFifthBits; group++)
            {
                C.vprold(Z[0], __zmmword_ptr[rcx + (8 + i) * VectorBytes], (byte)((4 - 2 * pair - group) & 31));
                C.vpternlogd(Z[(group == 0 ? Low : High) + i], Z[0], Everywhere(0x10101010), Or);
            }
        }
    }

    private void AddRow(bool isFirst)
    {
        C.vcvtdq2ps(Z[0], __zmmword_ptr[rcx]);
        C.vmulps(Z[1], Z[Scale], __dword_bcst[rax + r12]);
        MultiplyAddLane(0, 1, isFirst);
        C.vpxor(X[2], X[2], X[2]);
        for (int pair = 0; pair < Pairs; pair++)
            C.vpdpwssd(Z[2], Z[Minimums + pair], __dword_bcst[rax + r13 + 4 * pair]);
        C.vcvtdq2ps(Z[2], Z[2]);
        C.vmulps(Z[1], Z[MinimumScale], __dword_bcst[rax + r12]);
        C.vfnmadd231ps(Z[0], Z[2], Z[1]);
    }
}
