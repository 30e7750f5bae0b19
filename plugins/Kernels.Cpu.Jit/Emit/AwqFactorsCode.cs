using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>A run of sixteen words of eight rows: of each fourth word the rows 0 4 1 5 make a vector, and then the rows 2 6 3 7.</summary>
internal sealed class AwqFactorsCode : FactorsCode
{
    private const int Fours = 4, WordHalvesBytes = 16;

    private const int Halves = 0, Scales = 1, Zeros = 2, Words = 3, Order = 16, Apart = 17, Bytes = 18;

    protected override int Rows => 128;

    protected override void Begin()
    {
        // Of eight halves 0 4 1 5 2 6 3 7; then the first half of each, and the second.
        Keep(Order, i => (byte)(i / 4 % 4 * 2 + i % 4 / 2 * 8 + i % 2));
        Keep(Apart, i => (byte)(i % 8 == 0 ? i / 8 % 4 * 2 + i / 32 : 0));
        // The bytes of each fourth word, an int for each.
        for (int word = 0; word < Fours; word++)
        {
            int first = word * sizeof(int);
            Keep(Bytes + word, i => (byte)(i % sizeof(int) == 0 ? first + i / sizeof(int) % Fours : 0x80));
        }
    }

    protected override void Run()
    {
        C.vmovdqu32(Z[Words], __zmmword_ptr[rsi]);
        for (int word = 0; word < Fours; word++)
        {
            int at = word * WordHalvesBytes;
            C.vmovdqu(X[Halves], __xmmword_ptr[rdi + at]);
            for (int four = 1; four < Fours; four++)
                C.vinserti32x4(Z[Halves], Z[Halves], __xmmword_ptr[rdi + at + four * Fours * WordHalvesBytes], (byte)four);
            C.vpshufb(Z[Halves], Z[Halves], Z[Order]);
            C.vpermq(Z[Halves], Z[Apart], Z[Halves]);
            C.vpshufb(Z[Zeros], Z[Words], Z[Bytes + word]);
            C.vcvtph2ps(Z[Scales], Y[Halves]);
            C.vextracti64x4(Y[Halves], Z[Halves], 1);
            C.vmovdqa32(Z[Zeros + 2], Z[Zeros]);
            Write(Scales, Zeros + 2, 2 * word);
            C.vcvtph2ps(Z[Scales], Y[Halves]);
            C.vpsrld(Z[Zeros], Z[Zeros], 4);
            Write(Scales, Zeros, 2 * word + 1);
        }
    }
}
