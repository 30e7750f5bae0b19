using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A word holds eight rows of one column; its nibbles, from the lowest, are of rows 0 2 4 6 1 3 5 7.</summary>
/// <remarks>
/// Two columns are interleaved byte by byte, so that an element of 16 bits is one row's sum of both. A run is a vector of words, which makes eight vectors of floats:
/// of every fourth word from j on (j from 0 to 3) the rows 0 4 1 5, and then the rows 2 6 3 7.
/// </remarks>
internal readonly unsafe struct Awq4<TSimd, TInt, TFloat> : ITransposedWeight
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    private const int Together = 16, MemoryLine = StoredGroups.MemoryLine, Soon = 2 * MemoryLine;

    public static string InstructionSet => TSimd.Name;

    public static int Run => 8 * TSimd.Width;

    // A line of memory.
    public static int BlockUnit => 2 * MemoryLine;

    public static int EightBytes => sizeof(int);

    public static int Lines => 2 * Together;

    public static bool IsInOrder => false;

    public static int LineRows => 128;

    public static int NativeBlockRows => 8192;

    private static int RunBytes => TSimd.Width * sizeof(int);

    // Shorts of a vector.
    private static int Shorts => 2 * TSimd.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Order(Vector256<sbyte> quants) => quants;

    // Sixteen lines at a time, from the first row to the last: each is in another page of memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot(byte* data, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* held)
    {
        First(data, stride, rows, quants, group, held);
        Last(data + Together * stride, stride, rows, quants + Together, group, held);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Zeros(int word) =>
        Avx2.ShiftRightLogicalVariable(Vector256.Create(word), Vector256.Create(0u, 16, 4, 20, 8, 24, 12, 28)) & Vector256.Create(15);

    // Of a run's words every fourth makes two vectors of floats; 128 bits of these are of one word.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Factors(byte* stored, ScaleType type, byte* zeros, int zeroOffset, int rows, float* scales, float* minimums)
    {
        if (TSimd.Width != Vector512<int>.Count || type == ScaleType.F32)
            return 0;
        Vector128<byte> order = Vector128.Create((byte)0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
        Vector512<byte> halfOrder = Vector512.Create(Vector256.Create(order, order), Vector256.Create(order, order));
        Vector512<int> mask = Vector512.Create(15), offset = Vector512.Create(zeroOffset), bytes = Vector512.Create(unchecked((int)0x80808000)) + Vector512.Create(Vector256.Create(0, 1, 2, 3, 0, 1, 2, 3), Vector256.Create(0, 1, 2, 3, 0, 1, 2, 3));
        int row = 0;
        for (; row <= rows - Run; row += Run, stored += 2 * Run, zeros += Run / 2)
        {
            Vector512<byte> words = Vector512.Load(zeros);
            byte* word = stored;
            for (int vector = row; vector < row + Run; vector += Shorts, word += 16, words = Avx512BW.ShiftRightLogical128BitLane(words, sizeof(int)))
            {
                Vector512<byte> halves = Avx512BW.Shuffle(Vector512.Create(Vector256.Create(Vector128.Load(word), Vector128.Load(word + 64)), Vector256.Create(Vector128.Load(word + 128), Vector128.Load(word + 192))), halfOrder);
                Vector512<int> pairs = Avx512BW.Shuffle(words, bytes.AsByte()).AsInt32();
                Write(Avx512BW.UnpackLow(halves.AsUInt16(), Vector512<ushort>.Zero).AsInt32(), (pairs & mask) + offset, type, scales + vector, minimums + vector);
                Write(Avx512BW.UnpackHigh(halves.AsUInt16(), Vector512<ushort>.Zero).AsInt32(), (pairs >>> 4) + offset, type, scales + vector + TSimd.Width, minimums + vector + TSimd.Width);
            }
        }
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> rows, float* floats, int row)
    {
        Vector256<float> turned = Avx2.PermuteVar8x32(rows, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));
        floats += Place(row);
        turned.GetLower().Store(floats);
        turned.GetUpper().Store(floats + TSimd.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* floats, int row)
    {
        floats += Place(row);
        return Avx2.PermuteVar8x32(Vector256.Create(Vector128.Load(floats), Vector128.Load(floats + TSimd.Width)), Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(Vector512<int> halves, Vector512<int> zeros, ScaleType type, float* scales, float* minimums)
    {
        Vector512<float> scale = type == ScaleType.F16 ? HalfFloat.ToSingle(halves) : (halves << 16).AsSingle();
        scale.Store(scales);
        (-(scale * Vector512.ConvertToSingle(zeros))).Store(minimums);
    }

    // Where the rows of a word stand: the first half of them, and a vector later the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place(int row)
    {
        uint within = (uint)row % (uint)Run, word = within / 8;
        return row - (int)within + (int)(word % 4 * (uint)Shorts + word / 4 * 4);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void First(byte* words, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* held)
    {
        int row = Sixteen(words, stride, 0, rows, quants, false, group, held);
        if (row < rows)
            Rest(words + row / 2, stride, row, (rows - row) / 2, quants, false, group, held);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Last(byte* words, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* held)
    {
        int row = Sixteen(words, stride, 0, rows, quants, true, group, held);
        if (row < rows)
            Rest(words + row / 2, stride, row, (rows - row) / 2, quants, true, group, held);
    }

    // Whole runs of sixteen lines; the row after them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sixteen(byte* words, nint stride, int row, int rows, sbyte* quants, bool last, in TransposedGroup group, short* held)
    {
        TInt q0 = TSimd.BroadcastPair(quants), q1 = TSimd.BroadcastPair(quants + 2), q2 = TSimd.BroadcastPair(quants + 4), q3 = TSimd.BroadcastPair(quants + 6);
        TInt q4 = TSimd.BroadcastPair(quants + 8), q5 = TSimd.BroadcastPair(quants + 10), q6 = TSimd.BroadcastPair(quants + 12), q7 = TSimd.BroadcastPair(quants + 14);
        HeldSums<TSimd, TInt, TFloat> sums = new(group.Quants);
        TInt start = HeldSums<TSimd, TInt, TFloat>.Start(group.Quants);
        TransposedGroup<TSimd, TInt, TFloat> totals = new(group);
        nint two = 2 * stride, ahead = Together * stride;
        for (held += row; row <= rows - Run; row += Run, words += RunBytes, held += Run)
        {
            TInt a, b, c, d;
            if (last)
                (a, b, c, d) = (Load(held), Load(held + Shorts), Load(held + 2 * Shorts), Load(held + 3 * Shorts));
            else
                a = b = c = d = start;
            // Once for each line of memory.
            bool asks = RunBytes == MemoryLine || row % (2 * Run) == 0;
            byte* line = words;
            Two(line, stride, ahead, asks, q0, ref a, ref b, ref c, ref d);
            Two(line += two, stride, ahead, asks, q1, ref a, ref b, ref c, ref d);
            Two(line += two, stride, ahead, asks, q2, ref a, ref b, ref c, ref d);
            Two(line += two, stride, ahead, asks, q3, ref a, ref b, ref c, ref d);
            Two(line += two, stride, ahead, asks, q4, ref a, ref b, ref c, ref d);
            Two(line += two, stride, ahead, asks, q5, ref a, ref b, ref c, ref d);
            Two(line += two, stride, ahead, asks, q6, ref a, ref b, ref c, ref d);
            Two(line += two, stride, ahead, asks, q7, ref a, ref b, ref c, ref d);
            if (!last)
            {
                ColumnPairs<TSimd, TInt, TFloat>.Store(a, b, c, d, held);
                continue;
            }
            Add(totals, sums, a, row);
            Add(totals, sums, b, row + TSimd.Width);
            Add(totals, sums, c, row + 2 * Shorts);
            Add(totals, sums, d, row + 2 * Shorts + TSimd.Width);
        }
        return row;
    }

    // Two lines; the next sixteen are asked for, and these once more, into the first-level cache.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two(byte* line, nint stride, nint ahead, bool asks, TInt q, ref TInt a, ref TInt b, ref TInt c, ref TInt d)
    {
        ColumnPairs<TSimd, TInt, TFloat>.Add(TSimd.Load(line), TSimd.Load(line + stride), q, ref a, ref b, ref c, ref d);
        if (!asks)
            return;
        Sse.Prefetch1(line + ahead);
        Sse.Prefetch1(line + ahead + stride);
        Sse.Prefetch0(line + Soon);
        Sse.Prefetch0(line + Soon + stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TInt Load(short* held) => TSimd.Load((byte*)held);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(in TransposedGroup<TSimd, TInt, TFloat> totals, in HeldSums<TSimd, TInt, TFloat> sums, TInt held, int row)
    {
        totals.Add(row, sums.Low(held));
        totals.Add(row + Shorts, sums.High(held));
    }

    // The last words with zeros behind them: what follows them may be no part of the file.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Rest(byte* words, nint stride, int row, int bytes, sbyte* quants, bool last, in TransposedGroup group, short* held)
    {
        byte* rest = stackalloc byte[Together * RunBytes];
        new Span<byte>(rest, Together * RunBytes).Clear();
        for (int line = 0; line < Together; line++)
            Unsafe.CopyBlockUnaligned(rest + line * RunBytes, words + line * stride, (uint)bytes);
        Sixteen(rest, RunBytes, row, row + Run, quants, last, group, held);
    }
}
