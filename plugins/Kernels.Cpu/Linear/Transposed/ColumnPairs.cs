using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// A strip of GPTQ's words, turned: each pair of columns 2p and 2p + 1 is a line of memory, a byte for each row, the even column in its low nibble. So any two columns can be
/// multiplied together, however far apart they stand. Needs AVX2.
/// </summary>
/// <remarks>Both halves of a line are 32 rows, in the order 0–3 8–11 16–19 24–27, 4–7 12–15 20–23 28–31.</remarks>
internal static unsafe class ColumnPairs
{
    /// <summary>Rows of a strip.</summary>
    public const int Rows = 64;

    /// <summary>Columns of a word.</summary>
    public const int WordColumns = 8;

    /// <summary>Bytes of a strip's line of words, turned or not.</summary>
    public const int LineBytes = Rows * sizeof(int);

    /// <summary>Columns whose sums of products <see cref="Dot"/> makes: as many as 16 bits hold.</summary>
    public const int Columns = 16;

    /// <summary>Bytes of the table of shifts.</summary>
    public const int ShiftBytes = 2 * Odd;

    // Where the shift of odd columns stands in the table, and so the bit of a place that says that a column is odd.
    private const int Odd = 16;

    /// <summary>Where a column stands: its pair's line, and whether it is the odd one.</summary>
    public static int Place(int column) => column / 2 * Rows + column % 2 * Odd;

    /// <summary>Writes the table of shifts, by which nibbles of even and of odd columns are brought down.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Shifts(byte* table)
    {
        Vector128<uint>.Zero.Store((uint*)table);
        Vector128.CreateScalar(4u).Store((uint*)(table + Odd));
    }

    /// <summary>Turns a line of 64 rows' words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* words, byte* pairs)
    {
        TurnHalf(words, pairs);
        TurnHalf(words + LineBytes / 2, pairs + Rows / 2);
    }

    /// <summary>Turns a line of fewer rows' words; the other rows are zero.</summary>
    public static void Turn(byte* words, int rows, byte* pairs)
    {
        byte* all = stackalloc byte[LineBytes];
        Unsafe.CopyBlockUnaligned(all, words, (uint)rows * sizeof(int));
        new Span<byte>(all + rows * sizeof(int), LineBytes - rows * sizeof(int)).Clear();
        Turn(all, pairs);
    }

    /// <summary>Changes an order of columns within its groups, so that as many pairs as can be are an even column and an odd one.</summary>
    /// <param name="order">Columns by group, an even number of each.</param>
    /// <param name="groups">The group of each column.</param>
    /// <returns>Of each sixteen columns, whether all their pairs are such.</returns>
    public static bool[] Arrange(Span<int> order, ReadOnlySpan<int> groups)
    {
        bool[] regular = new bool[order.Length / Columns];
        Array.Fill(regular, true);
        for (int start = 0, end; start < order.Length; start = end)
        {
            List<int> even = [], odd = [];
            for (end = start; end < order.Length && groups[order[end]] == groups[order[start]]; end++)
                (order[end] % 2 == 0 ? even : odd).Add(order[end]);
            int at = start;
            for (int i = 0; i < Math.Min(even.Count, odd.Count); i++, at += 2)
                (order[at], order[at + 1]) = (even[i], odd[i]);
            regular.AsSpan(at / Columns, (end + Columns - 1) / Columns - at / Columns).Fill(at == end);
            foreach (int column in (even.Count > odd.Count ? even : odd).Skip((at - start) / 2))
                order[at++] = column;
        }
        return regular;
    }

    /// <summary>Multiplies sixteen columns.</summary>
    /// <param name="strip">The turned strip.</param>
    /// <param name="places">The columns' places.</param>
    /// <param name="quants">What they are multiplied with, within ±127.</param>
    /// <param name="shifts">The table of <see cref="Shifts"/>.</param>
    /// <param name="sums">Takes a short for each row, in the order of the remarks, sixteen after sixteen.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dot(byte* strip, int* places, sbyte* quants, byte* shifts, short* sums)
    {
        Vector256<short> a = default, b = default, c = default, d = default;
        for (int i = 0; i < Columns; i += 2)
        {
            Vector256<sbyte> q = Avx2.BroadcastScalarToVector256((short*)(quants + i)).AsSByte();
            int first = places[i], second = places[i + 1];
            byte* x = strip + (first & -Rows), y = strip + (second & -Rows);
            Vector128<uint> down = Vector128.Load((uint*)(shifts + (first & Odd))), others = Vector128.Load((uint*)(shifts + (second & Odd)));
            Vector256<byte> x0 = Nibbles(x, down), y0 = Nibbles(y, others), x1 = Nibbles(x + Rows / 2, down), y1 = Nibbles(y + Rows / 2, others);
            a += Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(x0, y0), q);
            b += Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(x0, y0), q);
            c += Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(x1, y1), q);
            d += Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(x1, y1), q);
        }
        Store(a, b, c, d, sums);
    }

    /// <summary>As <see cref="Dot"/>, where each second column is odd and the others are even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RegularDot(byte* strip, int* places, sbyte* quants, short* sums)
    {
        Vector256<short> a = default, b = default, c = default, d = default;
        Vector256<byte> mask = Vector256.Create((byte)15);
        for (int i = 0; i < Columns / 2; i++, places += 2, quants += 2)
        {
            Vector256<sbyte> q = Avx2.BroadcastScalarToVector256((short*)quants).AsSByte();
            byte* x = strip + (uint)places[0], y = strip + (uint)places[1] - Odd;
            Vector256<byte> x0 = Vector256.Load(x) & mask, y0 = (Vector256.Load((ushort*)y) >> 4).AsByte() & mask;
            a += Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(x0, y0), q);
            b += Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(x0, y0), q);
            Vector256<byte> x1 = Vector256.Load(x + Rows / 2) & mask, y1 = (Vector256.Load((ushort*)(y + Rows / 2)) >> 4).AsByte() & mask;
            c += Avx2.MultiplyAddAdjacent(Avx2.UnpackLow(x1, y1), q);
            d += Avx2.MultiplyAddAdjacent(Avx2.UnpackHigh(x1, y1), q);
        }
        Store(a, b, c, d, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<short> a, Vector256<short> b, Vector256<short> c, Vector256<short> d, short* sums)
    {
        a.Store(sums);
        b.Store(sums + 16);
        c.Store(sums + 32);
        d.Store(sums + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Nibbles(byte* pair, Vector128<uint> down) =>
        Avx2.ShiftRightLogical(Vector256.Load((uint*)pair), down).AsByte() & Vector256.Create((byte)15);

    // 32 rows of eight columns: bytes by columns within four rows, then four rows after four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnHalf(byte* words, byte* pairs)
    {
        Vector256<byte> byColumns = Vector256.Create(Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        Vector256<uint> a = Avx2.Shuffle(Vector256.Load(words), byColumns).AsUInt32(), b = Avx2.Shuffle(Vector256.Load(words + 32), byColumns).AsUInt32();
        Vector256<uint> c = Avx2.Shuffle(Vector256.Load(words + 64), byColumns).AsUInt32(), d = Avx2.Shuffle(Vector256.Load(words + 96), byColumns).AsUInt32();
        Vector256<ulong> ab = Avx2.UnpackLow(a, b).AsUInt64(), cd = Avx2.UnpackLow(c, d).AsUInt64();
        Avx2.UnpackLow(ab, cd).Store((ulong*)pairs);
        Avx2.UnpackHigh(ab, cd).Store((ulong*)(pairs + Rows));
        ab = Avx2.UnpackHigh(a, b).AsUInt64();
        cd = Avx2.UnpackHigh(c, d).AsUInt64();
        Avx2.UnpackLow(ab, cd).Store((ulong*)(pairs + 2 * Rows));
        Avx2.UnpackHigh(ab, cd).Store((ulong*)(pairs + 3 * Rows));
    }
}
