using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
    private const int Together = 16, MemoryLine = 64;

    public static string InstructionSet => TSimd.Name;

    public static int Run => 8 * TSimd.Width;

    // A line of memory.
    public static int BlockUnit => 2 * MemoryLine;

    public static int EightBytes => sizeof(int);

    public static int Lines => 2 * Together;

    private static int RunBytes => TSimd.Width * sizeof(int);

    // Shorts of a vector.
    private static int Shorts => 2 * TSimd.Width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Order(Vector256<sbyte> quants) => quants;

    // Sixteen lines at a time, from the first row to the last: each is in another page of memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot(byte* data, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* pairs)
    {
        int width = (rows + Run - 1) / Run * Run;
        for (int half = 0; half < 2; half++, data += Together * stride, quants += Together)
            Half(data, stride, rows, quants, pairs + half * width);
        Add(group, width, pairs);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Zeros(int word) =>
        Avx2.ShiftRightLogicalVariable(Vector256.Create(word), Vector256.Create(0u, 16, 4, 20, 8, 24, 12, 28)) & Vector256.Create(15);

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

    // Where the rows of a word stand: the first half of them, and a vector later the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place(int row)
    {
        int word = row % Run / 8;
        return row - row % Run + word % 4 * Shorts + word / 4 * 4;
    }

    // Of the sums of both sixteens.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Add(in TransposedGroup group, int width, short* pairs)
    {
        TransposedGroup<TSimd, TInt, TFloat> sums = new(group);
        short* others = pairs + width;
        for (int row = 0; row < width; row += 2 * Shorts, pairs += 2 * Shorts, others += 2 * Shorts)
        {
            sums.Add(row, Shorts, TSimd.Load((byte*)pairs), TSimd.Load((byte*)others));
            sums.Add(row + TSimd.Width, Shorts, TSimd.Load((byte*)(pairs + Shorts)), TSimd.Load((byte*)(others + Shorts)));
        }
    }

    // The sums of sixteen lines, a short for each row.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
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
        TInt a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        nint ahead = Together * stride;
        for (int line = 0; line < Together; line += 2, words += 2 * stride)
        {
            // 16 bits hold the sum of eight pairs of products of up to 15 · 127.
            TInt q = TSimd.BroadcastPair(quants + line);
            ColumnPairs<TSimd, TInt, TFloat>.Add(TSimd.Load(words), TSimd.Load(words + stride), q, ref a, ref b, ref c, ref d);
            if (two || RunBytes == MemoryLine)
            {
                Sse.Prefetch1(words + ahead);
                Sse.Prefetch1(words + ahead + stride);
            }
            if (!two)
                continue;
            if (RunBytes == MemoryLine)
            {
                Sse.Prefetch1(words + ahead + MemoryLine);
                Sse.Prefetch1(words + ahead + stride + MemoryLine);
            }
            ColumnPairs<TSimd, TInt, TFloat>.Add(TSimd.Load(words + RunBytes), TSimd.Load(words + stride + RunBytes), q, ref e, ref f, ref g, ref h);
        }
        ColumnPairs<TSimd, TInt, TFloat>.Store(a, b, c, d, sums);
        if (two)
            ColumnPairs<TSimd, TInt, TFloat>.Store(e, f, g, h, sums + Run);
    }

    // The last words with zeros behind them: what follows them may be no part of the file.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Rest(byte* words, nint stride, int bytes, sbyte* quants, short* sums)
    {
        byte* rest = stackalloc byte[Together * RunBytes];
        new Span<byte>(rest, Together * RunBytes).Clear();
        for (int line = 0; line < Together; line++)
            Unsafe.CopyBlockUnaligned(rest + line * RunBytes, words + line * stride, (uint)bytes);
        Sixteen(rest, RunBytes, quants, false, sums);
    }
}
