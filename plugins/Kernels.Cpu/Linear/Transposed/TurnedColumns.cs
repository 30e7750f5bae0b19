using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// A strip of GPTQ's words, turned: of each column a line of memory, a byte for two rows that are 32 apart. So any two columns can be multiplied together, however far apart they
/// stood. Needs AVX2.
/// </summary>
/// <remarks>
/// Each half of a line is 64 rows, those of the first 32 in the low nibbles, in the order 0–3 8–11 16–19 24–27, 4–7 12–15 20–23 28–31.
/// </remarks>
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

    private const int Columns = ColumnSchedule.Part;

    // Rows of half a line.
    private const int Half = Rows / 2;

    private const int MemoryLine = 64;

    /// <summary>Turns a strip's words of eight columns.</summary>
    /// <param name="words">The words, one for each row.</param>
    /// <param name="lines">Where all lines start, 64-byte aligned.</param>
    /// <param name="places">The eight columns' lines, bytes from there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* words, byte* lines, int* places)
    {
        TurnHalf(words, lines, places);
        TurnHalf(words + WordBytes / 2, lines + LineBytes / 2, places);
    }

    /// <summary>Turns the words of fewer rows; the other rows are zero.</summary>
    public static void Turn(byte* words, int rows, byte* lines, int* places)
    {
        byte* all = stackalloc byte[WordBytes];
        Unsafe.CopyBlockUnaligned(all, words, (uint)rows * sizeof(int));
        new Span<byte>(all + rows * sizeof(int), WordBytes - rows * sizeof(int)).Clear();
        Turn(all, lines, places);
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

    /// <summary>Multiplies sixteen columns, as many as 16 bits hold the products of.</summary>
    /// <param name="lines">Where all lines start.</param>
    /// <param name="places">The columns' lines, bytes from there.</param>
    /// <param name="quants">What they are multiplied with, within ±127.</param>
    /// <param name="rows">Rows of the strip that are there.</param>
    /// <param name="ahead">Words that are asked for meanwhile, as by <see cref="Ask"/>.</param>
    /// <param name="stride">Bytes from a line of words to the next.</param>
    /// <param name="sums">Takes a short for each row, in the order of the remarks, sixteen after sixteen; 32-byte aligned.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* lines, int* places, sbyte* quants, int rows, byte* ahead, nint stride, short* sums)
    {
        if (rows > Half)
            Multiply(lines, places, quants, true, ahead, stride, sums);
        else
            Multiply(lines, places, quants, false, ahead, stride, sums);
    }

    // Of one half of the rows or two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(byte* lines, int* places, sbyte* quants, bool two, byte* ahead, nint stride, short* sums)
    {
        Vector256<short> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        // Where memory's lines do not begin with the strip, it has a part of one more.
        Sse.Prefetch1(ahead + WordBytes - 1);
        Sse.Prefetch1(ahead + stride + WordBytes - 1);
        for (int i = 0; i < Columns / 2; i++, places += 2, quants += 2, ahead += MemoryLine)
        {
            Sse.Prefetch1(ahead);
            Sse.Prefetch1(ahead + stride);
            Vector256<sbyte> q = Avx2.BroadcastScalarToVector256((short*)quants).AsSByte();
            byte* first = lines + (uint)places[0], second = lines + (uint)places[1];
            Vector256<byte> x = Vector256.LoadAligned(first), y = Vector256.LoadAligned(second), low = Avx2.UnpackLow(x, y), high = Avx2.UnpackHigh(x, y);
            a += Products(low, q);
            b += Products(high, q);
            c += Products((low.AsUInt16() >> 4).AsByte(), q);
            d += Products((high.AsUInt16() >> 4).AsByte(), q);
            if (!two)
                continue;
            (x, y) = (Vector256.LoadAligned(first + LineBytes / 2), Vector256.LoadAligned(second + LineBytes / 2));
            (low, high) = (Avx2.UnpackLow(x, y), Avx2.UnpackHigh(x, y));
            e += Products(low, q);
            f += Products(high, q);
            g += Products((low.AsUInt16() >> 4).AsByte(), q);
            h += Products((high.AsUInt16() >> 4).AsByte(), q);
        }
        Store(a, b, c, d, sums);
        if (two)
            Store(e, f, g, h, sums + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<short> a, Vector256<short> b, Vector256<short> c, Vector256<short> d, short* sums)
    {
        a.StoreAligned(sums);
        b.StoreAligned(sums + 16);
        c.StoreAligned(sums + 32);
        d.StoreAligned(sums + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Products(Vector256<byte> nibbles, Vector256<sbyte> quants) => Avx2.MultiplyAddAdjacent(nibbles & Vector256.Create((byte)15), quants);

    // 64 rows: the high nibbles of the first 32 rows' words change places with the low ones of the others'.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnHalf(byte* words, byte* lines, int* places)
    {
        uint* rows = (uint*)words, others = rows + Half / 2;
        Vector256<uint> a = Vector256.Load(rows), b = Vector256.Load(rows + 8), c = Vector256.Load(rows + 16), d = Vector256.Load(rows + 24);
        Vector256<uint> e = Vector256.Load(others), f = Vector256.Load(others + 8), g = Vector256.Load(others + 16), h = Vector256.Load(others + 24);
        Vector256<uint> ae = Differing(a, e), bf = Differing(b, f), cg = Differing(c, g), dh = Differing(d, h);
        Store(a ^ ae << 4, b ^ bf << 4, c ^ cg << 4, d ^ dh << 4, lines, places);
        Store(e ^ ae, f ^ bf, g ^ cg, h ^ dh, lines, places + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Differing(Vector256<uint> rows, Vector256<uint> others) => (rows >> 4 ^ others) & Vector256.Create(0x0F0F0F0Fu);

    // Each element is of a row, its bytes of every other column: bytes by columns within four rows, then four rows after four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d, byte* lines, int* places)
    {
        Vector256<uint> first = ByColumns(a), second = ByColumns(b), third = ByColumns(c), fourth = ByColumns(d);
        Vector256<ulong> ab = Avx2.UnpackLow(first, second).AsUInt64(), cd = Avx2.UnpackLow(third, fourth).AsUInt64();
        Avx2.UnpackLow(ab, cd).Store((ulong*)(lines + (uint)places[0]));
        Avx2.UnpackHigh(ab, cd).Store((ulong*)(lines + (uint)places[2]));
        ab = Avx2.UnpackHigh(first, second).AsUInt64();
        cd = Avx2.UnpackHigh(third, fourth).AsUInt64();
        Avx2.UnpackLow(ab, cd).Store((ulong*)(lines + (uint)places[4]));
        Avx2.UnpackHigh(ab, cd).Store((ulong*)(lines + (uint)places[6]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> ByColumns(Vector256<uint> rows) =>
        Avx2.Shuffle(rows.AsByte(), Vector256.Create(Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15))).AsUInt32();
}
