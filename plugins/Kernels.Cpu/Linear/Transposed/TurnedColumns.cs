using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// A strip of GPTQ's words, turned: of each column a line of memory, a byte for two rows. So any two columns can be multiplied together, however far apart they stood. The order of the
/// rows within a line is <see cref="Turned256"/>'s or <see cref="Turned512"/>'s.
/// </summary>
internal static unsafe class TurnedColumns
{
    /// <summary>Columns of a word.</summary>
    public const int WordColumns = 8;

    /// <summary>Bytes that the processor reads of memory at once.</summary>
    public const int MemoryLine = 64;

    /// <summary>Turns a strip's words of eight columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn<TTurned>(byte* words, byte* lines, int* places)
        where TTurned : struct, ITurnedColumns
    {
        int half = TTurned.Rows / 2;
        TTurned.Turn(words, lines, places);
        TTurned.Turn(words + half * sizeof(int), lines + half / 2, places);
    }

    /// <summary>Turns the words of fewer rows; the other rows of a half that has any are zero.</summary>
    public static void Turn<TTurned>(byte* words, int rows, byte* lines, int* places)
        where TTurned : struct, ITurnedColumns
    {
        int half = TTurned.Rows / 2, bytes = half * sizeof(int);
        byte* all = stackalloc byte[bytes];
        for (; rows > 0; rows -= half, words += bytes, lines += half / 2)
        {
            int there = Math.Min(rows, half) * sizeof(int);
            Unsafe.CopyBlockUnaligned(all, words, (uint)there);
            new Span<byte>(all + there, bytes - there).Clear();
            TTurned.Turn(all, lines, places);
        }
    }

    /// <summary>Asks for words of sixteen columns, in the second-level cache: lines of many models fall on the same few sets of the first.</summary>
    /// <param name="words">The words.</param>
    /// <param name="rows">Their rows.</param>
    /// <param name="stride">Bytes from a line of words to the next.</param>
    public static void Ask(byte* words, int rows, nint stride)
    {
        for (int i = 0; i < rows * sizeof(int); i += MemoryLine)
        {
            Sse.Prefetch1(words + i);
            Sse.Prefetch1(words + stride + i);
        }
        AskRest(words + rows * sizeof(int), stride);
    }

    /// <summary>Where memory's lines do not begin with the words, these have a part of one more.</summary>
    /// <param name="end">Where the words end.</param>
    /// <param name="stride">Bytes from a line of words to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AskRest(byte* end, nint stride)
    {
        if ((nint)end % MemoryLine == 0)
            return;
        Sse.Prefetch1(end);
        Sse.Prefetch1(end + stride);
    }
}
