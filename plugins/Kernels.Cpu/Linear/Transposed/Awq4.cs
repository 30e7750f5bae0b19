using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A word holds eight rows of one column; its nibbles, from the lowest, are of rows 0 2 4 6 1 3 5 7.</summary>
/// <remarks>
/// Two columns are interleaved byte by byte, so that an element of 16 bits is one row's sum of both. A run of eight words makes eight vectors of eight rows:
/// of word j and word j + 4 (j from 0 to 3) the rows 0 4 1 5 of both, and then the rows 2 6 3 7 of both.
/// </remarks>
internal readonly unsafe struct Awq4 : ITransposedWeight
{
    private const int Words = 8, RunBytes = Words * sizeof(int), Together = 16;

    public static int Run => 8 * Words;

    // Two runs are a line of memory.
    public static int BlockUnit => 2 * Run;

    public static int EightBytes => sizeof(int);

    public static int Lines => 2 * Together;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Order(Vector256<sbyte> quants) => quants;

    // Sixteen lines at a time, from the first row to the last: each is in another page of memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot(byte* data, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* pairs)
    {
        int width = (rows + Run - 1) / Run * Run;
        for (int half = 0; half < 2; half++, data += Together * stride, quants += Together)
            Half(data, stride, rows, quants, pairs + half * width);
        for (int row = 0; row < rows; row += Run, pairs += Run)
        {
            short* others = pairs + width;
            group.Add(row, 16, Vector256.Load(pairs), Vector256.Load(others));
            group.Add(row + 8, 16, Vector256.Load(pairs + 16), Vector256.Load(others + 16));
            group.Add(row + 32, 16, Vector256.Load(pairs + 32), Vector256.Load(others + 32));
            group.Add(row + 40, 16, Vector256.Load(pairs + 48), Vector256.Load(others + 48));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Zeros(int word) =>
        Avx2.ShiftRightLogicalVariable(Vector256.Create(word), Vector256.Create(0u, 16, 4, 20, 8, 24, 12, 28)) & Vector256.Create(15);

    public static void ToRun(float* run)
    {
        float* rows = stackalloc float[Run];
        Unsafe.CopyBlockUnaligned(rows, run, (uint)(Run * sizeof(float)));
        Vector256<int> order = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        for (int word = 0; word < Words / 2; word++, run += 16)
        {
            Vector256<float> first = Avx2.PermuteVar8x32(Vector256.Load(rows + 8 * word), order), second = Avx2.PermuteVar8x32(Vector256.Load(rows + 8 * (word + Words / 2)), order);
            Avx.Permute2x128(first, second, 0x20).Store(run);
            Avx.Permute2x128(first, second, 0x31).Store(run + 8);
        }
    }

    public static void ToRows(float* run)
    {
        float* own = stackalloc float[Run];
        Unsafe.CopyBlockUnaligned(own, run, (uint)(Run * sizeof(float)));
        Vector256<int> order = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7);
        for (int word = 0; word < Words / 2; word++, own += 16)
        {
            Vector256<float> low = Vector256.Load(own), high = Vector256.Load(own + 8);
            Avx2.PermuteVar8x32(Avx.Permute2x128(low, high, 0x20), order).Store(run + 8 * word);
            Avx2.PermuteVar8x32(Avx.Permute2x128(low, high, 0x31), order).Store(run + 8 * (word + Words / 2));
        }
    }

    // The sums of sixteen lines, a short for each row.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half(byte* lines, nint stride, int rows, sbyte* quants, short* sums)
    {
        int row = 0;
        for (; row <= rows - 2 * Run; row += 2 * Run)
            Sixteen(lines + row / 2, stride, quants, true, sums + row);
        for (; row <= rows - Run; row += Run)
            Sixteen(lines + row / 2, stride, quants, false, sums + row);
        if (row < rows)
            Rest(lines + row / 2, stride, (rows - row) / 2, quants, sums + row);
    }

    // One run or two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(byte* words, nint stride, sbyte* quants, bool two, short* sums)
    {
        Vector256<short> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        nint ahead = Together * stride;
        for (int line = 0; line < Together; line += 2, words += 2 * stride)
        {
            Vector256<sbyte> q = Avx2.BroadcastScalarToVector256((short*)(quants + line)).AsSByte();
            Vector256<byte> x = Vector256.Load(words), y = Vector256.Load(words + stride), low = Avx2.UnpackLow(x, y), high = Avx2.UnpackHigh(x, y);
            // 16 bits hold the sum of eight pairs of products of up to 15 · 127.
            a += Products(low, q);
            b += Products((low.AsUInt16() >> 4).AsByte(), q);
            c += Products(high, q);
            d += Products((high.AsUInt16() >> 4).AsByte(), q);
            if (!two)
                continue;
            Sse.Prefetch1(words + ahead);
            Sse.Prefetch1(words + ahead + stride);
            (x, y) = (Vector256.Load(words + RunBytes), Vector256.Load(words + RunBytes + stride));
            (low, high) = (Avx2.UnpackLow(x, y), Avx2.UnpackHigh(x, y));
            e += Products(low, q);
            f += Products((low.AsUInt16() >> 4).AsByte(), q);
            g += Products(high, q);
            h += Products((high.AsUInt16() >> 4).AsByte(), q);
        }
        a.Store(sums);
        b.Store(sums + 16);
        c.Store(sums + 32);
        d.Store(sums + 48);
        if (!two)
            return;
        e.Store(sums + 64);
        f.Store(sums + 80);
        g.Store(sums + 96);
        h.Store(sums + 112);
    }

    // The last words with zeros behind them: what follows them may be no part of the file.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Rest(byte* words, nint stride, int bytes, sbyte* quants, short* sums)
    {
        byte* rest = stackalloc byte[Together * RunBytes];
        new Span<byte>(rest, Together * RunBytes).Clear();
        for (int line = 0; line < Together; line++)
            Unsafe.CopyBlockUnaligned(rest + line * RunBytes, words + line * stride, (uint)bytes);
        Sixteen(rest, RunBytes, quants, false, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Products(Vector256<byte> nibbles, Vector256<sbyte> quants) => Avx2.MultiplyAddAdjacent(nibbles & Vector256.Create((byte)15), quants);
}
