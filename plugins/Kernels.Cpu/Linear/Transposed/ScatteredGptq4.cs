using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// GPTQ of four bits whose columns are grouped in the order of their activations. Strips of rows are copied, as they stand: scattered over the tensor, their lines would drive each
/// other out of the cache. Then each group gathers its columns out of the lines. The same products as those of the tiles, which unpack the weight. Needs AVX2.
/// </summary>
internal sealed unsafe class ScatteredGptq4 : LinearKernel
{
    // A word of each of them is a line of memory; two strips are copied at once, from neighbouring lines.
    private const int StripRows = 16, LineBytes = StripRows * sizeof(int), Strips = 2, PerWord = 8;

    // Lines that are asked for ahead of the one that is copied.
    private const int Ahead = 16;

    private readonly byte* _data;
    private readonly byte* _zeros;
    private readonly byte* _scales;
    private readonly ScaleType _type;
    private readonly int _zeroOffset;
    private readonly int[] _order;
    private readonly int[] _groups;
    private readonly ColumnFour[] _fours;

    /// <summary>Looks at a weight; arranges the source's order within its groups.</summary>
    public ScatteredGptq4(WeightTensor weight, int zeroOffset, AffineSource source, CpuIsa isa, NativeTile? native)
        : base(weight, Preparation.Int8(isa, source.Order!))
    {
        _data = Part("data");
        _zeros = Part("zeros");
        _scales = Part("scales");
        _type = StoredScale.Of(weight);
        _zeroOffset = zeroOffset;
        _order = source.Order!;
        int[] groups = new ReadOnlySpan<int>(Part("group_index"), Columns).ToArray();
        _fours = ColumnFours.Arrange(_order, groups);
        _groups = [.. Enumerable.Range(0, Columns / Int8Activation.Group).Select(i => groups[_order[i * Int8Activation.Group]])];
        Tile = TileTable.Create(weight, source, isa, native);
    }

    public override TileKernel? Tile { get; }

    public override long WorkingRowBytes => Columns / 2;

    public override long ScratchBytes(int rows) => (long)Columns / PerWord * LineBytes * Strips;

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        for (int first = 0; first < rowCount; first += StripRows * Strips)
        {
            int count = Math.Min(StripRows * Strips, rowCount - first);
            Copy(_data + (nint)(firstRow + first) * sizeof(int), (nint)Rows * sizeof(int), Columns / PerWord, count, scratch);
            for (int row = 0; row < count; row += StripRows)
                for (int batchRow = 0; batchRow < batchRows; batchRow++)
                    Strip(scratch + (nint)(row / StripRows) * (Columns / PerWord) * LineBytes, firstRow + first + row, Math.Min(StripRows, count - row),
                        activations + batchRow * activationStride, output + batchRow * outputStride + first + row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(byte* lines, nint stride, int count, int rows, byte* to)
    {
        byte* second = to + (nint)count * LineBytes;
        nint ahead = Ahead * stride;
        if (rows < StripRows * Strips)
        {
            for (int line = 0; line < count; line++, lines += stride, to += LineBytes, second += LineBytes)
            {
                Unsafe.CopyBlockUnaligned(to, lines, (uint)Math.Min(LineBytes, rows * sizeof(int)));
                if (rows > StripRows)
                    Unsafe.CopyBlockUnaligned(second, lines + LineBytes, (uint)(rows * sizeof(int) - LineBytes));
            }
            return;
        }
        for (int line = 0; line < count; line++, lines += stride, to += LineBytes, second += LineBytes)
        {
            X86.Sse.Prefetch0(lines + ahead);
            X86.Sse.Prefetch0(lines + ahead + LineBytes);
            Vector256.Load(lines).Store(to);
            Vector256.Load(lines + 32).Store(to + 32);
            Vector256.Load(lines + 64).Store(second);
            Vector256.Load(lines + 96).Store(second + 32);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Strip(byte* strip, int row, int count, byte* activations, float* output)
    {
        float* sums = stackalloc float[GroupSum.Lanes * StripRows], scales = stackalloc float[StripRows], minimums = stackalloc float[StripRows];
        new Span<float>(sums, GroupSum.Lanes * StripRows).Clear();
        float* steps = (float*)(activations + Int8Activation.ScaleOffset(Columns)), activationSums = (float*)(activations + Int8Activation.SumOffset(Columns));
        int group = -1;
        fixed (int* order = _order)
        fixed (ColumnFour* fours = _fours)
            for (int unit = 0; unit < _groups.Length; unit++)
            {
                if (_groups[unit] != group)
                    Scales(group = _groups[unit], row, count, scales, minimums);
                (Vector256<int> low, Vector256<int> high) = Unit(strip, order + unit * Int8Activation.Group, fours + unit * (Int8Activation.Group / 4), (sbyte*)activations + unit * Int8Activation.Group);
                TransposedGroup sum = new(steps[unit], activationSums[unit], scales, minimums, sums + unit % GroupSum.Lanes * StripRows);
                sum.Add(0, low);
                sum.Add(8, high);
            }
        for (int i = 0; i < count; i += 8)
            TransposedGroup.Total(sums + i, StripRows).Store(output + i);
    }

    // The products of 32 columns with rows 0 to 7 and 8 to 15.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<int> Low, Vector256<int> High) Unit(byte* strip, int* columns, ColumnFour* fours, sbyte* quants)
    {
        Vector256<int> low = default, high = default;
        for (int half = 0; half < 2; half++)
        {
            // 16 products of up to 15 · 127, all of them maybe in one pair: 16 bits hold them.
            Vector256<short> a = default, b = default;
            for (int i = 0; i < 4; i++, columns += 4, quants += 4, fours++)
                if (*fours == ColumnFour.Loose)
                    for (int k = 0; k < 4; k++)
                    {
                        int column = columns[k];
                        byte* line = Line(strip, column);
                        Vector256<sbyte> q = Vector256.Create((byte)quants[k] << column % PerWord / 2 * 8).AsSByte();
                        Vector128<uint> shift = Shift(column);
                        a += Dot(X86.Avx2.ShiftRightLogical(Vector256.Load((uint*)line), shift), q);
                        b += Dot(X86.Avx2.ShiftRightLogical(Vector256.Load((uint*)line + 8), shift), q);
                    }
                else
                {
                    byte* line0 = Line(strip, columns[0]), line1 = Line(strip, columns[1]), line2 = Line(strip, columns[2]), line3 = Line(strip, columns[3]);
                    Vector256<sbyte> q = Vector256.Create(*(int*)quants).AsSByte();
                    Vector256<uint> x0 = Vector256.Load((uint*)line0), x1 = Vector256.Load((uint*)line1), x2 = Vector256.Load((uint*)line2), x3 = Vector256.Load((uint*)line3);
                    Vector256<uint> y0 = Vector256.Load((uint*)line0 + 8), y1 = Vector256.Load((uint*)line1 + 8), y2 = Vector256.Load((uint*)line2 + 8), y3 = Vector256.Load((uint*)line3 + 8);
                    if (*fours == ColumnFour.Mixed)
                    {
                        Vector128<uint> s0 = Shift(columns[0]), s1 = Shift(columns[1]), s2 = Shift(columns[2]), s3 = Shift(columns[3]);
                        (x0, y0) = (X86.Avx2.ShiftRightLogical(x0, s0), X86.Avx2.ShiftRightLogical(y0, s0));
                        (x1, y1) = (X86.Avx2.ShiftRightLogical(x1, s1), X86.Avx2.ShiftRightLogical(y1, s1));
                        (x2, y2) = (X86.Avx2.ShiftRightLogical(x2, s2), X86.Avx2.ShiftRightLogical(y2, s2));
                        (x3, y3) = (X86.Avx2.ShiftRightLogical(x3, s3), X86.Avx2.ShiftRightLogical(y3, s3));
                    }
                    Vector256<uint> x = Bytes(x0, x1, x2, x3), y = Bytes(y0, y1, y2, y3);
                    if (*fours == ColumnFour.High)
                        (x, y) = (x >> 4, y >> 4);
                    a += Dot(x, q);
                    b += Dot(y, q);
                }
            Vector256<short> ones = Vector256.Create((short)1);
            low += X86.Avx2.MultiplyAddAdjacent(a, ones);
            high += X86.Avx2.MultiplyAddAdjacent(b, ones);
        }
        return (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Dot(Vector256<uint> nibbles, Vector256<sbyte> quants) =>
        X86.Avx2.MultiplyAddAdjacent(nibbles.AsByte() & Vector256.Create((byte)15), quants);

    // Of each element byte 0 of the first, byte 1 of the second, byte 2 of the third, byte 3 of the fourth.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Bytes(Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d)
    {
        Vector256<uint> even = Vector256.Create(0x00FF00FFu);
        return X86.Avx2.Blend(Vector256.ConditionalSelect(even, a, b).AsUInt16(), Vector256.ConditionalSelect(even, c, d).AsUInt16(), 0b10101010).AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Line(byte* strip, int column) => strip + (nint)(column & -PerWord) * (LineBytes / PerWord);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Shift(int column) => Vector128.CreateScalar((uint)(column % 2 * 4));

    private void Scales(int group, int row, int count, float* scales, float* minimums)
    {
        long at = (long)group * Rows + row;
        for (int i = 0; i < count; i += 8, at += 8)
        {
            Vector256<float> scale = StoredScale.Eight(_scales, at, _type);
            Vector256<int> zeros = Gptq4.Zeros(Unsafe.ReadUnaligned<int>(_zeros + at / 2)) + Vector256.Create(_zeroOffset);
            scale.Store(scales + i);
            (-(scale * Vector256.ConvertToSingle(zeros))).Store(minimums + i);
        }
    }

    private byte* Part(string name) => Array.Find(Weight.Parts, p => p.Name == name)!.Data;
}
