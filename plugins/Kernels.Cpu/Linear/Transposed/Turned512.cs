using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Turned columns by vectors of 512 bits. Needs AVX-512 F and BW.</summary>
/// <remarks>
/// Each half of a line is 128 rows, those of the first 64 in the low nibbles; of each of the sixteens 0–15, 16–31, 32–47 and 48–63 first the rows 0–3, then 4–7, 8–11 and 12–15.
/// </remarks>
internal readonly unsafe struct Turned512 : ITurnedColumns
{
    private const int Half = 128, WordBytes = Half * sizeof(int);

    public static string InstructionSet => Simd512.Name;

    public static int Rows => 2 * Half;

    public static int SumRows => 32;

    public static int FactorBytes => Rows * (sizeof(float) + sizeof(sbyte));

    // The high nibbles of the first 64 rows' words change places with the low ones of the others'.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* words, byte* lines, int* places)
    {
        uint* rows = (uint*)words, others = rows + Half / 2;
        Vector512<uint> a = Vector512.Load(rows), b = Vector512.Load(rows + 16), c = Vector512.Load(rows + 32), d = Vector512.Load(rows + 48);
        Vector512<uint> e = Vector512.Load(others), f = Vector512.Load(others + 16), g = Vector512.Load(others + 32), h = Vector512.Load(others + 48);
        Store(Nibbles(a, e << 4), Nibbles(b, f << 4), Nibbles(c, g << 4), Nibbles(d, h << 4), lines, places);
        Store(Nibbles(a >> 4, e), Nibbles(b >> 4, f), Nibbles(c >> 4, g), Nibbles(d >> 4, h), lines, places + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* lines, int* places, sbyte* quants, int rows, byte* ahead, nint stride, short* sums)
    {
        if (rows > Half)
            Multiply(lines, places, quants, true, ahead, stride, sums);
        else
            Multiply(lines, places, quants, false, ahead, stride, sums);
    }

    // Scales, then zero points in bytes: minimums would be read from the second-level cache, and cost more than to be computed anew each time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(in StoredGroups groups, int group, int row, int rows, byte* factors) =>
        groups.ReadZeros(group, row, rows, (float*)factors, (sbyte*)factors + Rows * sizeof(float));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(float step, float sum, byte* factors, short* products, float* sums, int rows)
    {
        Vector512<float> steps = Vector512.Create(step), all = Vector512.Create(sum);
        for (int i = 0; i < rows; i += 32)
        {
            Vector512<short> first = Vector512.LoadAligned(products + i), second = Vector512.LoadAligned(products + Rows + i);
            AddSixteen(steps, all, factors, Avx512BW.UnpackLow(first, second), sums, i);
            AddSixteen(steps, all, factors, Avx512BW.UnpackHigh(first, second), sums, i + 16);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSixteen(Vector512<float> step, Vector512<float> sum, byte* factors, Vector512<short> pairs, float* sums, int row)
    {
        Vector512<float> scale = Vector512.LoadAligned((float*)factors + row);
        Vector128<sbyte> zeros = Vector128.LoadAligned((sbyte*)factors + Rows * sizeof(float) + row);
        Vector512<float> minimum = scale * Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(zeros));
        Vector512<float> dots = Vector512.ConvertToSingle(Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1)));
        Vector512<float> before = Avx512F.FusedMultiplyAdd(dots, scale * step, Vector512.LoadAligned(sums + row));
        Avx512F.FusedMultiplyAddNegated(minimum, sum, before).StoreAligned(sums + row);
    }

    // Of one half of the rows or two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(byte* lines, int* places, sbyte* quants, bool two, byte* ahead, nint stride, short* sums)
    {
        Vector512<short> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        TurnedColumns.AskRest(ahead + (two ? 2 : 1) * WordBytes, stride);
        for (int i = 0; i < ColumnSchedule.Part / 2; i++, places += 2, quants += 2, ahead += TurnedColumns.MemoryLine)
        {
            Sse.Prefetch1(ahead);
            Sse.Prefetch1(ahead + stride);
            Vector512<sbyte> q = Vector512.Create(*(short*)quants).AsSByte();
            byte* first = lines + (uint)places[0], second = lines + (uint)places[1];
            Vector512<byte> x = Vector512.LoadAligned(first), y = Vector512.LoadAligned(second), low = Avx512BW.UnpackLow(x, y), high = Avx512BW.UnpackHigh(x, y);
            a += Products(low, q);
            b += Products(high, q);
            c += Products((low.AsUInt16() >> 4).AsByte(), q);
            d += Products((high.AsUInt16() >> 4).AsByte(), q);
            if (!two)
                continue;
            Sse.Prefetch1(ahead + WordBytes);
            Sse.Prefetch1(ahead + stride + WordBytes);
            (x, y) = (Vector512.LoadAligned(first + Half / 2), Vector512.LoadAligned(second + Half / 2));
            (low, high) = (Avx512BW.UnpackLow(x, y), Avx512BW.UnpackHigh(x, y));
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
    private static void Store(Vector512<short> a, Vector512<short> b, Vector512<short> c, Vector512<short> d, short* sums)
    {
        a.StoreAligned(sums);
        b.StoreAligned(sums + 32);
        c.StoreAligned(sums + 64);
        d.StoreAligned(sums + 96);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Products(Vector512<byte> nibbles, Vector512<sbyte> quants) => Avx512BW.MultiplyAddAdjacent(nibbles & Vector512.Create((byte)15), quants);

    // The low nibbles of the first and the high ones of the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Nibbles(Vector512<uint> low, Vector512<uint> high) => Vector512.ConditionalSelect(Vector512.Create(0x0F0F0F0Fu), low, high);

    // Each element is of a row, its bytes of every other column: bytes by columns within four rows, then four rows of each sixteen.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d, byte* lines, int* places)
    {
        Vector512<uint> first = ByColumns(a), second = ByColumns(b), third = ByColumns(c), fourth = ByColumns(d);
        Vector512<ulong> ab = Avx512F.UnpackLow(first, second).AsUInt64(), cd = Avx512F.UnpackLow(third, fourth).AsUInt64();
        Avx512F.UnpackLow(ab, cd).StoreAligned((ulong*)(lines + (uint)places[0]));
        Avx512F.UnpackHigh(ab, cd).StoreAligned((ulong*)(lines + (uint)places[2]));
        ab = Avx512F.UnpackHigh(first, second).AsUInt64();
        cd = Avx512F.UnpackHigh(third, fourth).AsUInt64();
        Avx512F.UnpackLow(ab, cd).StoreAligned((ulong*)(lines + (uint)places[4]));
        Avx512F.UnpackHigh(ab, cd).StoreAligned((ulong*)(lines + (uint)places[6]));
    }

    // Bytes 0 4 8 12, 1 5 9 13, 2 6 10 14, 3 7 11 15 of each 128 bits; written out, for the compiler assembles a repeated vector anew each time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> ByColumns(Vector512<uint> rows)
    {
        const uint a = 0x0C080400, b = 0x0D090501, c = 0x0E0A0602, d = 0x0F0B0703;
        return Avx512BW.Shuffle(rows.AsByte(), Vector512.Create(a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d).AsByte()).AsUInt32();
    }
}
