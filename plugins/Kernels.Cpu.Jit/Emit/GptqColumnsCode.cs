using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Words of eight columns of one row, two vectors of rows at a time and perhaps one more: the low nibbles of a word's bytes are every other column, the high ones the others.</summary>
/// <remarks>rbx is where the words of the next 32 columns are.</remarks>
internal sealed class GptqColumnsCode : ColumnsCode
{
    /// <summary>Rows of a vector, of which any number may be there.</summary>
    public const int Run = VectorBytes / WordBytes;

    private const int Vectors = 2;

    // Two accumulators of each vector, the words, what is taken of them, and the activations.
    private const int Words = 2 * Vectors, Taken = Words + 1, Quants = 16;

    protected override int UnitLines => Together;

    protected override void Multiply()
    {
        Label next = C.CreateLabel(), last = C.CreateLabel(), done = C.CreateLabel();
        for (int i = 0; i < 2 * Together; i++)
            C.vpbroadcastd(Z[Quants + i], __dword_ptr[rcx + i * 4]);
        Next(rbx);
        C.sub(edx, Vectors * Run);
        C.jl(last);
        C.Label(ref next);
        Part(Vectors);
        C.sub(edx, Vectors * Run);
        C.jge(next);
        C.Label(ref last);
        C.add(edx, Vectors * Run);
        C.jle(done);
        Part(1);
        C.Label(ref done);
    }

    private void Part(int vectors)
    {
        for (int i = 0; i < 2 * vectors; i++)
            C.vpxord(X[i], X[i], X[i]);
        for (int line = 0; line < Together; line++)
            for (int vector = 0; vector < vectors; vector++)
            {
                Ask(Line(rbx, line, vector * VectorBytes));
                C.vmovdqu32(Z[Words], Line(rdi, line, vector * VectorBytes));
                AddLow(2 * vector, Words, Quants + 2 * line, Taken);
                AddHigh(2 * vector + 1, Words, Quants + 2 * line + 1, Taken + 1);
            }
        for (int vector = 0; vector < vectors; vector++)
        {
            Sixteenth(2 * vector + 1);
            C.vpaddd(Z[2 * vector], Z[2 * vector], Z[2 * vector + 1]);
            AddToSums(2 * vector, vector, Taken);
        }
        C.add(rdi, vectors * VectorBytes);
        C.add(rbx, vectors * VectorBytes);
        NextSums(vectors);
    }
}
