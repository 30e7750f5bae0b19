using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Common;

namespace Tessera.Quant.Gptq;

/// <summary>
/// GPTQ: <c>data</c> is [columns · bits / 32, rows], a row's integers as a little-endian stream down the words of its column; <c>zeros</c> are [groups, rows · bits / 32],
/// streams along the rows. The part <c>zeros</c> holds the zero points less the parameter <c>zero_offset</c>: 1 in the first version of the format, 0 in the second.
/// </summary>
/// <remarks>
/// A stored zero point of all ones in the first version means 2^bits, as AutoGPTQ's kernels for CUDA take it; other programs take it as 0.
/// https://arxiv.org/abs/2210.17323
/// </remarks>
internal sealed unsafe class GptqType(int bits) : TransposedType($"gptq{bits}", bits), IOrderedUnpack
{
    private const string ZeroOffset = "zero_offset";

    public override int BlockSize => Bits == 3 ? 32 : 32 / Bits;

    protected override int RowBlock => BlockSize;

    protected override string[] Optional => [GroupIndexPart];

    public override void Validate(WeightTensor weight)
    {
        base.Validate(weight);
        if (!weight.Parameters.TryGetValue(ZeroOffset, out string? text) || text is not ("0" or "1"))
            throw new ModelFormatException($"{Id}: tensor '{weight.Name}': expected parameter {ZeroOffset} 0 or 1, found {(text is null ? "none" : $"'{text}'")}");
    }

    protected override void Panel(WeightTensor weight, long row, long column, int count, byte* panel)
    {
        long rows = weight.Rows, lanes = Math.Min(Lanes, rows - row);
        int words = (count * Bits + 31) / 32;
        uint* stream = stackalloc uint[Unit / 4], from = (uint*)weight.Data(Data) + column * Bits / 32 * rows + row;
        for (long lane = 0; lane < lanes; lane++, from++, panel += Unit)
        {
            for (int word = 0; word < words; word++)
                stream[word] = Unsafe.ReadUnaligned<uint>(from + word * rows);
            BitStream.Unpack((byte*)stream, Bits, count, panel);
        }
    }

    public bool TryOrder(WeightTensor weight, Span<int> order)
    {
        ArgumentNullException.ThrowIfNull(weight);
        long group = GroupOf(weight);
        return weight.Columns % Unit == 0 && GroupIndex.TryOrder(weight, GroupIndexPart, (weight.Columns + group - 1) / group, Unit, order);
    }

    public void Unpack(WeightTensor weight, int* order, long firstRow, int rowCount, byte* values, float* scales, float* minimums)
    {
        weight.CheckRows(firstRow, rowCount);
        long rows = weight.Rows, columns = weight.Columns, lines = columns * Bits / 32;
        uint* data = (uint*)weight.Data(Data);
        byte* panel = stackalloc byte[Lanes * Unit];
        // A strip of the lines is copied: scattered over the tensor, they would drive each other out of the cache.
        uint[] strip = ArrayPool<uint>.Shared.Rent(checked((int)lines * RowsTogether));
        fixed (uint* copy = strip)
            for (long start = firstRow / Lanes * Lanes; start < firstRow + rowCount; start += RowsTogether)
            {
                int width = (int)Math.Min(RowsTogether, rows - start);
                Copy(data + start, rows, lines, width, copy);
                for (long first = start; first < Math.Min(start + width, firstRow + rowCount); first += Lanes)
                    for (long column = 0; column < columns; column += Unit)
                    {
                        OrderedPanel(copy + (first - start), order + column, panel);
                        Place(panel, first, column, firstRow, rowCount, columns, values);
                    }
            }
        ArrayPool<uint>.Shared.Return(strip);
        Factors(weight, order, firstRow, rowCount, scales, minimums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Copy(uint* from, long stride, long lines, int width, uint* to)
    {
        const int Ahead = 16;
        for (long line = 0; line < lines; line++, from += stride, to += RowsTogether)
        {
            if (Sse.IsSupported)
                Sse.Prefetch0(from + Ahead * stride);
            if (width == RowsTogether)
            {
                Vector256.Load(from).Store(to);
                Vector256.Load(from + Lanes).Store(to + Lanes);
            }
            else
                for (int i = 0; i < width; i++)
                    to[i] = Unsafe.ReadUnaligned<uint>(from + i);
        }
    }

    // The integers of eight rows and 32 columns, 32 bytes for each row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OrderedPanel(uint* strip, int* columns, byte* panel)
    {
        uint* fours = stackalloc uint[Unit / 4 * Lanes];
        for (int i = 0; i < Unit; i += 4)
        {
            // Each element is of a row: the bytes of four columns.
            Vector256<uint> four = Eight(strip, columns[i]) | Eight(strip, columns[i + 1]) << 8 | Eight(strip, columns[i + 2]) << 16 | Eight(strip, columns[i + 3]) << 24;
            four.Store(fours + i / 4 * Lanes);
        }
        for (int lane = 0; lane < Lanes; lane++)
            for (int i = 0; i < Unit / 4; i++)
                ((uint*)panel)[lane * (Unit / 4) + i] = fours[i * Lanes + lane];
    }

    // An integer may reach into the next line of words.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<uint> Eight(uint* strip, int column)
    {
        long bit = (long)column * Bits;
        uint* line = strip + bit / 32 * RowsTogether;
        int shift = (int)(bit % 32);
        Vector256<uint> words = Vector256.Load(line) >> shift;
        if (shift + Bits > 32)
            words |= Vector256.Load(line + RowsTogether) << (32 - shift);
        return words & Vector256.Create((1u << Bits) - 1);
    }

    protected override int Zero(byte* zeros, long rows, long group, long row) => BitStream.At(zeros + group * rows * Bits / 8, Bits, row);

    protected override int ZeroOffsetOf(WeightTensor weight) => weight.Parameters[ZeroOffset] == "1" ? 1 : 0;
}
