using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A strip of GPTQ's words, turned: of each column a line, a byte for two rows. So any two columns can be multiplied together, however far apart they stood.</summary>
/// <remarks>
/// A strip has two halves, and each line has a half for each. Four vectors of words are in the low nibbles of a half, the next four in the high ones; its 128 bits j are of each vector's rows 4j to 4j + 3.
/// </remarks>
internal static unsafe class TurnedColumns<TSimd, TInt, TFloat>
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    /// <summary>Columns of a word.</summary>
    public const int WordColumns = 8;

    /// <summary>Rows of a strip.</summary>
    public static int Rows => Halves * HalfRows;

    /// <summary>Bytes of a column's line.</summary>
    public static int LineBytes => Rows / 2;

    private static int HalfRows => 8 * TSimd.Width;

    private static int VectorBytes => TSimd.Width * sizeof(int);

    private static int HalfBytes => 8 * VectorBytes;

    /// <summary>Halves of a strip.</summary>
    public const int Halves = 2;

    /// <summary>Turns half of a strip's words of eight columns.</summary>
    /// <param name="words">The strip's words, one for each row.</param>
    /// <param name="half">Which half.</param>
    /// <param name="ahead">Others that are asked for meanwhile, in the second-level cache: lines of many models fall on the same few sets of the first.</param>
    /// <param name="lines">Where all lines start; they are 64-byte aligned.</param>
    /// <param name="places">The eight columns' lines, bytes from there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* words, int half, byte* ahead, byte* lines, int* places)
    {
        words += half * HalfBytes;
        ahead += half * HalfBytes;
        lines += half * (LineBytes / Halves);
        TInt a = Load(words, 0), b = Load(words, 1), c = Load(words, 2), d = Load(words, 3);
        TInt e = Load(words, 4), f = Load(words, 5), g = Load(words, 6), h = Load(words, 7);
        // After what is waited for.
        AskFour(ahead);
        if (TSimd.Width == 16)
            AskFour(ahead + HalfBytes / 2);
        // Where memory's lines do not begin with the words, these have a part of one more.
        Sse.Prefetch1(ahead + HalfBytes - 1);
        TSimd.JoinNibbles(ref a, ref e);
        TSimd.JoinNibbles(ref b, ref f);
        TSimd.JoinNibbles(ref c, ref g);
        TSimd.JoinNibbles(ref d, ref h);
        Store(a, b, c, d, lines, places);
        Store(e, f, g, h, lines, places + 1);
    }

    /// <summary>Turns the words of fewer rows; the other rows of a half that has any are zero.</summary>
    public static void TurnFew(byte* words, int rows, byte* ahead, byte* lines, int* places)
    {
        byte* all = stackalloc byte[HalfBytes];
        for (; rows > 0; rows -= HalfRows, words += HalfBytes, ahead += HalfBytes, lines += LineBytes / Halves)
        {
            int there = Math.Min(rows, HalfRows) * sizeof(int);
            Unsafe.CopyBlockUnaligned(all, words, (uint)there);
            new Span<byte>(all + there, HalfBytes - there).Clear();
            Turn(all, 0, ahead, lines, places);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskFour(byte* ahead)
    {
        Sse.Prefetch1(ahead);
        Sse.Prefetch1(ahead + StoredGroups.MemoryLine);
        Sse.Prefetch1(ahead + 2 * StoredGroups.MemoryLine);
        Sse.Prefetch1(ahead + 3 * StoredGroups.MemoryLine);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TInt Load(byte* words, int vector) => TSimd.Load(words + vector * VectorBytes);

    // Each element is of a row, its bytes of every other column: bytes by columns within four rows, then four rows after four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TInt a, TInt b, TInt c, TInt d, byte* lines, int* places)
    {
        (a, b, c, d) = (TSimd.TurnBytes(a), TSimd.TurnBytes(b), TSimd.TurnBytes(c), TSimd.TurnBytes(d));
        TInt ab = TSimd.UnpackLowInts(a, b), cd = TSimd.UnpackLowInts(c, d);
        TSimd.Store(TSimd.UnpackLowLongs(ab, cd), lines + (uint)places[0]);
        TSimd.Store(TSimd.UnpackHighLongs(ab, cd), lines + (uint)places[2]);
        (ab, cd) = (TSimd.UnpackHighInts(a, b), TSimd.UnpackHighInts(c, d));
        TSimd.Store(TSimd.UnpackLowLongs(ab, cd), lines + (uint)places[4]);
        TSimd.Store(TSimd.UnpackHighLongs(ab, cd), lines + (uint)places[6]);
    }
}
