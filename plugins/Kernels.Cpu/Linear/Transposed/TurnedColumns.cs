using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// A strip of GPTQ's words, turned: of each column a line of memory, a byte for two rows. So any two columns can be multiplied together, however far apart they stood. The order of the
/// rows within a line is <see cref="Turned256"/>'s or <see cref="Turned512"/>'s.
/// </summary>
internal static unsafe class TurnedColumns
{
    /// <summary>Rows of a strip.</summary>
    public const int Rows = 128;

    /// <summary>Bytes of a column.</summary>
    public const int LineBytes = Rows / 2;

    /// <summary>Columns of a word.</summary>
    public const int WordColumns = 8;

    /// <summary>Bytes of a strip's words of the same columns.</summary>
    public const int WordBytes = Rows * sizeof(int);

    /// <summary>Bytes that the processor reads of memory at once.</summary>
    public const int MemoryLine = 64;

    /// <summary>Turns the words of fewer rows; the other rows are zero.</summary>
    public static void Turn<TTurned>(byte* words, int rows, byte* lines, int* places)
        where TTurned : struct, ITurnedColumns
    {
        byte* all = stackalloc byte[WordBytes];
        Unsafe.CopyBlockUnaligned(all, words, (uint)rows * sizeof(int));
        new Span<byte>(all + rows * sizeof(int), WordBytes - rows * sizeof(int)).Clear();
        TTurned.Turn(all, lines, places);
    }

    /// <summary>Asks for a strip's words of sixteen columns, in the second-level cache: lines of many models fall on the same few sets of the first.</summary>
    public static void Ask(byte* words, nint stride)
    {
        for (int i = 0; i <= WordBytes; i += MemoryLine)
        {
            Sse.Prefetch1(words + Math.Min(i, WordBytes - 1));
            Sse.Prefetch1(words + stride + Math.Min(i, WordBytes - 1));
        }
    }
}
