using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Q6_K: nibbles 128 · top bits 64 · signed scales of 16 columns 16 · scale 2. Each half of 128 columns has 64 bytes of nibbles and 32 of top bits, two for each of four columns 32 apart.</summary>
/// <remarks>Behind rcx stand the sixteen groups' scales, then the scale.</remarks>
internal sealed class Q6TurnedCode : SuperTurnedCode
{
    private const int Top = 128, Scales = 192, Scale = 208, Groups = 16, Offsets = 24, Nibbles = 8, TopBits = 16, Low = 24, ZeroShift = 5;

    protected override int BlockBytes => 210;

    protected override int Turns => 13;

    protected override void Block()
    {
        PointToUnpacked();
        PointToRows();
        Heads();
        PointToIntegers();
        ForEachRow(StartRow, rbp);
        for (int half = 0; half < 2; half++)
        {
            PointToRows();
            Turn(TopBits, Top + 32 * half);
            Turn(TopBits + 4, Top + 32 * half + 16);
            for (int part = 0; part < 2; part++)
            {
                if (part > 0)
                    PointToRows();
                Turn(Nibbles, 64 * half + 32 * part);
                Turn(Nibbles + 4, 64 * half + 32 * part + 16);
                Unpack(part);
                int column = 128 * half + 32 * part, group = column / 16;
                PointToIntegers();
                ForEachRow(
                    () =>
                    {
                        AddGroup(0, Low, column, 4, group);
                        AddGroup(1, Low + 4, column + 16, 4, group + 1);
                        AddGroup(2, Nibbles, column + 64, 4, group + 4);
                        AddGroup(3, Nibbles + 4, column + 80, 4, group + 5);
                        C.vpaddd(Z[0], Z[0], Z[1]);
                        C.vpaddd(Z[2], Z[2], Z[3]);
                        C.vpaddd(Z[0], Z[0], __zmmword_ptr[rbp]);
                        C.vpaddd(Z[0], Z[0], Z[2]);
                        C.vmovdqu32(__zmmword_ptr[rbp], Z[0]);
                    },
                    rbp);
            }
        }
        C.vmovups(Z[3], __zmmword_ptr[rcx + Groups * VectorBytes]);
        LoadRest(rcx);
        AddToLane(AddRow, rcx);
    }

    /// <summary>Keeps the scales as integers, and those of two groups times −32, which is what all weights are too large by, as shorts in registers.</summary>
    private void Heads()
    {
        Turn(8, Scales);
        C.vpxor(X[0], X[0], X[0]);
        for (int group = 0; group < Groups; group++)
        {
            C.vpslld(Z[1], Z[8 + group / 4], (byte)(24 - group % 4 * 8));
            C.vpsrad(Z[1], Z[1], 24);
            C.vmovdqu32(__zmmword_ptr[rcx + group * VectorBytes], Z[1]);
            if (group % 2 == 1)
                continue;
            int first = group % 4;
            C.vpshufb(Z[1], Z[8 + group / 4], Constant(i => (byte)(i % 2 == 1 ? i % 16 / 4 * 4 + first + i % 4 / 2 : 0x80)));
            C.vpsraw(Z[1], Z[1], 8 - ZeroShift);
            C.vpsubw(Z[Offsets + group / 2], Z[0], Z[1]);
        }
        Gather(4, Scale, isWord: true);
        Widen(4, 4);
        C.vmovups(__zmmword_ptr[rcx + Groups * VectorBytes], Z[4]);
    }

    private void StartRow()
    {
        C.vpxor(X[0], X[0], X[0]);
        for (int pair = 0; pair < Groups / 2; pair++)
            C.vpdpwssd(Z[0], Z[Offsets + pair], __dword_bcst[rax + r14 + 4 * pair]);
        C.vmovdqu32(__zmmword_ptr[rbp], Z[0]);
    }

    /// <summary>Low nibbles are 32 columns, high ones those 64 behind them; the first of the two parts has bits 0–1 and 4–5 of each byte of top bits, the second 2–3 and 6–7.</summary>
    private void Unpack(int part)
    {
        for (int i = 0; i < 8; i++)
        {
            C.vpandd(Z[Low + i], Z[Nibbles + i], Everywhere(0x0F0F0F0F));
            C.vprold(Z[0], Z[TopBits + i], (byte)(4 - 2 * part));
            C.vpternlogd(Z[Low + i], Z[0], Everywhere(0x30303030), Or);
            C.vpsrld(Z[Nibbles + i], Z[Nibbles + i], 4);
            C.vpandd(Z[Nibbles + i], Z[Nibbles + i], Everywhere(0x0F0F0F0F));
            C.vprord(Z[0], Z[TopBits + i], (byte)(2 * part));
            C.vpternlogd(Z[Nibbles + i], Z[0], Everywhere(0x30303030), Or);
        }
    }

    private void AddRow(bool isFirst)
    {
        C.vcvtdq2ps(Z[0], __zmmword_ptr[rcx]);
        C.vmulps(Z[1], Z[3], __dword_bcst[rax + r12]);
        MultiplyAddLane(0, 1, isFirst);
    }
}
