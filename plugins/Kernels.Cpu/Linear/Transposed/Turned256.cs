using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>Turned columns by vectors of 256 bits. Needs AVX2.</summary>
/// <remarks>
/// Each half of a line is 64 rows, those of the first 32 in the low nibbles, in the order 0–3 8–11 16–19 24–27, 4–7 12–15 20–23 28–31.
/// </remarks>
internal readonly unsafe struct Turned256 : ITurnedColumns
{
    private const int Half = 64, WordBytes = Half * sizeof(int);

    public static string InstructionSet => Simd256.Name;

    public static int Rows => 2 * Half;

    public static int SumRows => 16;

    public static int FactorBytes => 2 * Rows * sizeof(float);

    // The high nibbles of the first 32 rows' words change places with the low ones of the others'.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Turn(byte* words, byte* lines, int* places)
    {
        uint* rows = (uint*)words, others = rows + Half / 2;
        Vector256<uint> a = Vector256.Load(rows), b = Vector256.Load(rows + 8), c = Vector256.Load(rows + 16), d = Vector256.Load(rows + 24);
        Vector256<uint> e = Vector256.Load(others), f = Vector256.Load(others + 8), g = Vector256.Load(others + 16), h = Vector256.Load(others + 24);
        Vector256<uint> ae = Differing(a, e), bf = Differing(b, f), cg = Differing(c, g), dh = Differing(d, h);
        Store(a ^ ae << 4, b ^ bf << 4, c ^ cg << 4, d ^ dh << 4, lines, places);
        Store(e ^ ae, f ^ bf, g ^ cg, h ^ dh, lines, places + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* lines, int* places, sbyte* quants, int rows, byte* ahead, nint stride, short* sums)
    {
        if (rows > Half)
            Multiply(lines, places, quants, true, ahead, stride, sums);
        else
            Multiply(lines, places, quants, false, ahead, stride, sums);
    }

    // Scales, then negated minimums.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(in StoredGroups groups, int group, int row, int rows, byte* factors) =>
        groups.Read(group, row, rows, (float*)factors, (float*)factors + Rows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(float step, float sum, byte* factors, short* products, float* sums, int rows)
    {
        TransposedGroup<Simd256, Vector256<int>, Vector256<float>> group = new(new TransposedGroup(step, sum, (float*)factors, (float*)factors + Rows, sums));
        for (int i = 0; i < rows; i += 16)
            group.Add(i, 8, Vector256.LoadAligned(products + i).AsInt32(), Vector256.LoadAligned(products + Rows + i).AsInt32());
    }

    // Of one half of the rows or two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(byte* lines, int* places, sbyte* quants, bool two, byte* ahead, nint stride, short* sums)
    {
        Vector256<short> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        TurnedColumns.AskRest(ahead + (two ? 2 : 1) * WordBytes, stride);
        for (int i = 0; i < ColumnSchedule.Part / 2; i++, places += 2, quants += 2, ahead += TurnedColumns.MemoryLine)
        {
            if (two || i < WordBytes / TurnedColumns.MemoryLine)
            {
                Sse.Prefetch1(ahead);
                Sse.Prefetch1(ahead + stride);
            }
            Vector256<sbyte> q = Avx2.BroadcastScalarToVector256((short*)quants).AsSByte();
            byte* first = lines + (uint)places[0], second = lines + (uint)places[1];
            Vector256<byte> x = Vector256.LoadAligned(first), y = Vector256.LoadAligned(second), low = Avx2.UnpackLow(x, y), high = Avx2.UnpackHigh(x, y);
            a += Products(low, q);
            b += Products(high, q);
            c += Products((low.AsUInt16() >> 4).AsByte(), q);
            d += Products((high.AsUInt16() >> 4).AsByte(), q);
            if (!two)
                continue;
            (x, y) = (Vector256.LoadAligned(first + Half / 2), Vector256.LoadAligned(second + Half / 2));
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
