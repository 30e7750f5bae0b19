using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Rows in their order: a word has the zero points of eight, the first in the lowest nibble.</summary>
internal sealed class GptqFactorsCode : FactorsCode
{
    private const int Scales = 0, Zeros = 1, Words = 16, Shifts = 17;

    protected override int Rows => VectorBytes / sizeof(float);

    protected override void Begin()
    {
        // A word for each eight, and the bits that are below a row's.
        Keep(Words, i => (byte)(i % sizeof(int) == 0 ? i / 32 : 0));
        Keep(Shifts, i => (byte)(i % sizeof(int) == 0 ? i % 32 : 0));
    }

    protected override void Run()
    {
        C.vcvtph2ps(Z[Scales], __ymmword_ptr[rdi]);
        C.vpbroadcastq(Z[Zeros], __qword_ptr[rsi]);
        C.vpermd(Z[Zeros], Z[Words], Z[Zeros]);
        C.vpsrlvd(Z[Zeros], Z[Zeros], Z[Shifts]);
        Write(Scales, Zeros, 0);
    }
}
