using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

internal abstract partial class TurnedCode
{
    private int _turned;

    /// <summary>Lets rax, rbx and rbp point to the fifth, ninth and thirteenth weight row's block.</summary>
    protected void PointToRows()
    {
        C.lea(rax, __[r11 + rsi * 4]);
        C.lea(rbx, __[r11 + rsi * 8]);
        C.lea(rbp, __[rbx + rsi * 4]);
    }

    /// <summary>Reads 16 bytes of each weight row's block: vector i of the result holds dword i of each row, row by row. Needs <see cref="PointToRows"/>; registers 0 to 7 are overwritten.</summary>
    /// <param name="to">The first of four registers.</param>
    /// <param name="offset">Where in the block.</param>
    protected void Turn(int to, int offset)
    {
        for (int row = 0; row < 4; row++)
        {
            AskAhead(4 * _turned + row, 4 * Turns);
            C.vmovdqu(X[row], __xmmword_ptr[At(0, row) + offset]);
            for (int quad = 1; quad < 4; quad++)
                C.vinserti32x4(Z[row], Z[row], __xmmword_ptr[At(quad, row) + offset], (byte)quad);
        }
        _turned++;
        C.vpunpckldq(Z[4], Z[0], Z[1]);
        C.vpunpckhdq(Z[5], Z[0], Z[1]);
        C.vpunpckldq(Z[6], Z[2], Z[3]);
        C.vpunpckhdq(Z[7], Z[2], Z[3]);
        C.vpunpcklqdq(Z[to], Z[4], Z[6]);
        C.vpunpckhqdq(Z[to + 1], Z[4], Z[6]);
        C.vpunpcklqdq(Z[to + 2], Z[5], Z[7]);
        C.vpunpckhqdq(Z[to + 3], Z[5], Z[7]);
    }

    /// <summary>Reads a dword, or a word, of each weight row's block. Needs <see cref="PointToRows"/>; registers 0 to 3 are overwritten.</summary>
    /// <param name="to">The register.</param>
    /// <param name="offset">Where in the block.</param>
    /// <param name="isWord">Only the lower halves are read; the upper ones become zero.</param>
    protected void Gather(int to, int offset, bool isWord = false)
    {
        for (int quad = 0; quad < 4; quad++)
        {
            AssemblerRegisterXMM part = X[quad];
            if (isWord)
                C.vpxor(part, part, part);
            else
                C.vmovd(part, __dword_ptr[At(quad, 0) + offset]);
            for (int row = isWord ? 0 : 1; row < 4; row++)
                if (isWord)
                    C.vpinsrw(part, part, __word_ptr[At(quad, row) + offset], (byte)(2 * row));
                else
                    C.vpinsrd(part, part, __dword_ptr[At(quad, row) + offset], (byte)row);
        }
        for (int quad = 1; quad < 4; quad++)
            C.vinserti32x4(Z[quad == 3 ? to : 0], Z[0], X[quad], (byte)quad);
    }

    /// <summary>Sixteen halves, the lower words of a vector's dwords, as floats.</summary>
    protected void Widen(int to, int from)
    {
        C.vpmovdw(Y[to], Z[from]);
        C.vcvtph2ps(Z[to], Y[to]);
    }

    /// <summary>Asks for one of the equal parts of as many bytes as the block of all rows has. All at once they would take every buffer for lines on their way, and what is in the second-level cache would wait for the memory.</summary>
    private void AskAhead(int part, int parts)
    {
        int lines = (Strip * BlockBytes + VectorBytes - 1) / VectorBytes;
        for (int line = lines * part / parts; line < lines * (part + 1) / parts; line++)
            C.prefetcht1(__byte_ptr[rdx + line * VectorBytes]);
    }

    private static AssemblerMemoryOperand At(int quad, int row)
    {
        AssemblerRegister64 first = quad switch { 0 => r11, 1 => rax, 2 => rbx, _ => rbp };
        return row switch { 0 => __[first], 1 => __[first + rsi], 2 => __[first + rsi * 2], _ => __[first + r10] };
    }
}
