using System.Numerics;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Words of eight rows of one column, all 32 columns of a unit at a time, so that no product is held in memory.</summary>
/// <remarks>
/// Four lines of words are interleaved byte by byte: an element is the same two rows of four columns. The next unit's lines are asked for one after the other, each from its begin to its end: memory gives faster what
/// lies together, and its lines are read across. r13 is what is asked for, ebp how many of memory's lines its line of words still has; r14 is how many one has, r15 the bytes to the next one.
/// </remarks>
internal sealed class AwqColumnsCode : ColumnsCode
{
    /// <summary>Rows of a run.</summary>
    public const int Run = Vectors * VectorBytes / WordBytes;

    private const int Columns = 32, Vectors = 8;

    // Behind the accumulators: the lines, pairs of them, fours, and the activations. What is taken of the fours is where the lines were.
    private const int Words = 8, Pairs = 12, Fours = 16, Taken = Words, Quants = 20;

    private readonly List<(Label From, Label Back)> _ends = [];

    protected override int UnitLines => Columns;

    protected override void Multiply()
    {
        Label next = C.CreateLabel(), done = C.CreateLabel();
        _ends.Clear();
        for (int i = 0; i < Columns / Together; i++)
            C.vpbroadcastd(Z[Quants + i], __dword_ptr[rcx + i * Together]);
        Next(r13);
        C.mov(r14d, edx);
        C.shr(r14d, (byte)BitOperations.Log2(Run));
        C.mov(ebp, r14d);
        C.imul(r15, r14, -VectorBytes);
        C.add(r15, rsi);
        C.Label(ref next);
        Part();
        C.add(rdi, VectorBytes);
        C.sub(edx, Run);
        C.jg(next);
        C.jmp(done);
        foreach ((Label from, Label back) in _ends)
            EndLine(from, back);
        C.Label(ref done);
    }

    private void Part()
    {
        for (int i = 0; i < Vectors; i++)
            C.vpxord(X[i], X[i], X[i]);
        C.mov(rbx, rdi);
        for (int four = 0; four < Columns / Together; four++)
        {
            if (four > 0)
                C.lea(rbx, __[rbx + rsi * Together]);
            Four(Quants + four);
        }
        for (int i = 0; i < Vectors; i++)
        {
            if (i % 2 == 0)
                C.vpsubd(Z[i + 1], Z[i + 1], Z[i]);
            else
                Sixteenth(i);
            AddToSums(i, i, Taken);
        }
        NextSums(Vectors);
    }

    private void AskAhead()
    {
        Label end = C.CreateLabel(), back = C.CreateLabel();
        Ask(__[r13]);
        C.add(r13, VectorBytes);
        C.dec(ebp);
        C.jz(end);
        C.Label(ref back);
        _ends.Add((end, back));
    }

    private void EndLine(Label from, Label back)
    {
        C.Label(ref from);
        C.mov(ebp, r14d);
        C.add(r13, r15);
        C.jmp(back);
    }

    private void Four(int quants)
    {
        for (int line = 0; line < Together; line++)
        {
            AskAhead();
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
