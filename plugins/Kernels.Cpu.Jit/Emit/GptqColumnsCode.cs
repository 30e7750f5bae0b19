using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Words of eight columns of one row, two vectors of rows at a time: the low nibbles of a word's bytes are every other column, the high ones the others.</summary>
/// <remarks>rbx is four lines behind the words: those of the next 32 columns.</remarks>
internal sealed class GptqColumnsCode : ColumnsCode
{
    /// <summary>Rows of a run.</summary>
    public const int Run = Vectors * VectorBytes / WordBytes;

    private const int Vectors = 2;

    // Two accumulators of each vector, the words, what is taken of them, and the activations.
    private const int Words = 2 * Vectors, Taken = Words + 1, Quants = 16;

    protected override void Multiply()
    {
        Label next = C.CreateLabel();
        for (int i = 0; i < 2 * Together; i++)
            C.vpbroadcastd(Z[Quants + i], __dword_ptr[rcx + i * 4]);
        C.lea(rbx, __[rdi + rsi * Together]);
        C.Label(ref next);
        for (int i = 0; i < 2 * Vectors; i++)
            C.vpxord(X[i], X[i], X[i]);
        for (int line = 0; line < Together; line++)
            for (int vector = 0; vector < Vectors; vector++)
            {
                Ask(Line(rbx, line, vector * VectorBytes));
                C.vmovdqu32(Z[Words], Line(rdi, line, vector * VectorBytes));
                AddLow(2 * vector, Words, Quants + 2 * line, Taken);
                AddHigh(2 * vector + 1, Words, Quants + 2 * line + 1, Taken + 1);
            }
        for (int vector = 0; vector < Vectors; vector++)
        {
            Sixteenth(2 * vector + 1);
            C.vpaddd(Z[2 * vector], Z[2 * vector], Z[2 * vector + 1]);
            AddToSums(2 * vector, vector, Taken);
        }
        C.add(rdi, Vectors * VectorBytes);
        C.add(rbx, Vectors * VectorBytes);
        NextSums(Vectors);
        C.sub(edx, Run);
        C.jg(next);
    }
}
