using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Words of eight rows of one column, eight columns at a time, between which products are held in memory: more lines in turn are read more slowly, above all where they fall on the same few sets of the first-level cache.</summary>
/// <remarks>
/// Four lines are interleaved byte by byte: an element is the same two rows of four columns. rbx are four lines, rbp those that are as far behind these as there are columns at a time; r12 and r13 are the first of each at a
/// run, r14 where the next eight lines begin, r15d all rows, rdi what is held.
/// </remarks>
internal sealed class AwqColumnsCode : ColumnsCode
{
    /// <summary>Rows of a run.</summary>
    public const int Run = Vectors * VectorBytes / WordBytes;

    private const int Columns = 32, Lines = 1 << LinesShift, LinesShift = 3, Vectors = 8;

    // Behind the accumulators: the lines, pairs of them, fours, what is taken of these, and the activations.
    private const int Words = 8, Pairs = 12, Fours = 16, Taken = 20, Quants = 24;

    protected override int UnitLines => Columns;

    protected override void Multiply()
    {
        C.mov(r14, rdi);
        C.mov(r15d, edx);
        for (int first = 0; first < Columns; first += Lines)
        {
            Label next = C.CreateLabel();
            for (int i = 0; i < Lines / Together; i++)
                C.vpbroadcastd(Z[Quants + i], __dword_ptr[rcx + first + i * Together]);
            C.mov(rbp, rsi);
            C.shl(rbp, LinesShift);
            C.lea(r13, __[r14 + rbp]);
            C.mov(r12, r14);
            C.mov(r14, r13);
            C.mov(edx, r15d);
            C.mov(rdi, r9);
            C.Label(ref next);
            Part(isFirst: first == 0, isLast: first + Lines == Columns);
            C.add(r12, VectorBytes);
            C.add(r13, VectorBytes);
            C.add(rdi, Vectors * VectorBytes);
            C.sub(edx, Run);
            C.jg(next);
        }
    }

    private void Part(bool isFirst, bool isLast)
    {
        for (int i = 0; i < Vectors; i++)
            if (isFirst)
                C.vpxord(X[i], X[i], X[i]);
            else
                C.vmovdqu32(Z[i], __[rdi + i * VectorBytes]);
        C.mov(rbx, r12);
        C.mov(rbp, r13);
        for (int four = 0; four < Lines / Together; four++)
        {
            if (four > 0)
            {
                C.lea(rbx, __[rbx + rsi * Together]);
                C.lea(rbp, __[rbp + rsi * Together]);
            }
            Four(Quants + four);
        }
        for (int i = 0; i < Vectors; i++)
            if (!isLast)
                C.vmovdqu32(__[rdi + i * VectorBytes], Z[i]);
            else
            {
                if (i % 2 == 0)
                    C.vpsubd(Z[i + 1], Z[i + 1], Z[i]);
                else
                    Sixteenth(i);
                AddToSums(i, i, Taken);
            }
        if (isLast)
            NextSums(Vectors);
    }

    private void Four(int quants)
    {
        for (int line = 0; line < Together; line++)
        {
            Ask(Line(rbp, line, 0));
            C.vmovdqu32(Z[Words + line], Line(rbx, line, 0));
        }
        for (int pair = 0; pair < Together; pair += 2)
        {
            C.vpunpcklbw(Z[Pairs + pair], Z[Words + pair], Z[Words + pair + 1]);
            C.vpunpckhbw(Z[Pairs + pair + 1], Z[Words + pair], Z[Words + pair + 1]);
        }
        // Of each four words, one after the other.
        for (int half = 0; half < 2; half++)
        {
            C.vpunpcklwd(Z[Fours + 2 * half], Z[Pairs + half], Z[Pairs + 2 + half]);
            C.vpunpckhwd(Z[Fours + 2 * half + 1], Z[Pairs + half], Z[Pairs + 2 + half]);
        }
        for (int word = 0; word < Together; word++)
        {
            AddLow(2 * word, Fours + word, quants, Taken);
            // Sixteen times the high ones' and the low ones'.
            C.vpdpbusd(Z[2 * word + 1], Z[Fours + word], Z[quants]);
        }
    }
}
