using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A word holds eight rows of one column; its nibbles, from the lowest, are of rows 0 2 4 6 1 3 5 7.</summary>
/// <remarks>
/// Four columns of a word's rows are interleaved byte by byte, so that an element of 32 bits has four columns of two rows. A run of eight words makes eight vectors:
/// of word j and word j + 4 (j from 0 to 3) the rows 0 4 1 5 of both, and then the rows 2 6 3 7 of both.
/// </remarks>
internal readonly unsafe struct Awq4 : ITransposedWeight
{
    private const int Words = 8, RunBytes = Words * sizeof(int), Together = 8;

    // Lines that are asked for ahead of those that are read.
    private const int Ahead = 8;

    public static int Run => 8 * Words;

    public static int EightBytes => sizeof(int);

    public static int Lines => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Order(Vector256<sbyte> quants) => quants;

    // Eight lines at a time, from the first row to the last: lines of many models fall on the same few sets of the cache, and more of them would drive each other out.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot(byte* data, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* pairs)
    {
        byte* rest = stackalloc byte[Together * RunBytes];
        int whole = rows / Run * Run;
        nint ahead = Ahead * stride;
        for (int line = 0; line < Lines; line += Together, data += Together * stride, quants += Together)
        {
            Vector256<sbyte> q0 = Vector256.Create(*(int*)quants).AsSByte(), q1 = Vector256.Create(*(int*)(quants + 4)).AsSByte();
            for (int row = 0; row < whole; row += Run)
            {
                byte* run = data + row / 2;
                // Two runs are a line of memory.
                if (row % (2 * Run) == 0)
                    for (int i = 0; i < Together; i++)
                        Sse.Prefetch0(run + ahead + i * stride);
                Eight(run, stride, q0, q1, pairs + 2 * row);
            }
            if (whole == rows)
                continue;
            // The last words with zeros behind them: what follows them may be no part of the file.
            new Span<byte>(rest, Together * RunBytes).Clear();
            for (int i = 0; i < Together; i++)
                Unsafe.CopyBlockUnaligned(rest + i * RunBytes, data + i * stride + whole / 2, (uint)(rows - whole) / 2);
            Eight(rest, RunBytes, q0, q1, pairs + 2 * whole);
        }
        for (int row = 0; row < rows; row += Run)
            for (int i = row; i < row + Run; i += 8)
            {
                group.Add(i, Vector256.Load(pairs + 2 * i));
                Vector256<short>.Zero.Store(pairs + 2 * i);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(byte* words, nint stride, Vector256<sbyte> q0, Vector256<sbyte> q1, short* pairs)
    {
        Vector256<byte> a = Vector256.Load(words), b = Vector256.Load(words + stride), c = Vector256.Load(words + 2 * stride), d = Vector256.Load(words + 3 * stride);
        words += 4 * stride;
        Vector256<byte> e = Vector256.Load(words), f = Vector256.Load(words + stride), g = Vector256.Load(words + 2 * stride), h = Vector256.Load(words + 3 * stride);
        Vector256<ushort> ab = Avx2.UnpackLow(a, b).AsUInt16(), cd = Avx2.UnpackLow(c, d).AsUInt16(), ef = Avx2.UnpackLow(e, f).AsUInt16(), gh = Avx2.UnpackLow(g, h).AsUInt16();
        Add(Avx2.UnpackLow(ab, cd), q0, Avx2.UnpackLow(ef, gh), q1, pairs);
        Add(Avx2.UnpackHigh(ab, cd), q0, Avx2.UnpackHigh(ef, gh), q1, pairs + 32);
        ab = Avx2.UnpackHigh(a, b).AsUInt16();
        cd = Avx2.UnpackHigh(c, d).AsUInt16();
        ef = Avx2.UnpackHigh(e, f).AsUInt16();
        gh = Avx2.UnpackHigh(g, h).AsUInt16();
        Add(Avx2.UnpackLow(ab, cd), q0, Avx2.UnpackLow(ef, gh), q1, pairs + 64);
        Add(Avx2.UnpackHigh(ab, cd), q0, Avx2.UnpackHigh(ef, gh), q1, pairs + 96);
    }

    // 16 bits hold the sum of eight pairs of products of up to 15 · 127.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<ushort> nibbles0, Vector256<sbyte> q0, Vector256<ushort> nibbles1, Vector256<sbyte> q1, short* pairs)
    {
        Vector256<byte> mask = Vector256.Create((byte)15);
        Vector256<short> low = Avx2.MultiplyAddAdjacent(nibbles0.AsByte() & mask, q0) + Avx2.MultiplyAddAdjacent(nibbles1.AsByte() & mask, q1);
        Vector256<short> high = Avx2.MultiplyAddAdjacent((nibbles0 >> 4).AsByte() & mask, q0) + Avx2.MultiplyAddAdjacent((nibbles1 >> 4).AsByte() & mask, q1);
        (low + Vector256.Load(pairs)).Store(pairs);
        (high + Vector256.Load(pairs + 16)).Store(pairs + 16);
    }
}
