using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// GPTQ of four bits whose columns are grouped in the order of their activations. A strip of rows is turned to <see cref="ColumnPairs"/>, of which each group then takes its columns.
/// The same products as those of the tiles, which unpack the weight. Needs AVX2.
/// </summary>
internal sealed unsafe class ScatteredGptq4 : LinearKernel
{
    private const int StripRows = ColumnPairs.Rows, LineBytes = ColumnPairs.LineBytes, Group = Int8Activation.Group;

    // Lines that are asked for ahead of the one that is turned, in the second-level cache: lines of many models fall on the same few sets of the first.
    private const int Ahead = 8;

    private readonly byte* _data;
    private readonly byte* _zeros;
    private readonly byte* _scales;
    private readonly ScaleType _type;
    private readonly int _zeroOffset;
    private readonly int[] _places;
    private readonly int[] _groups;
    private readonly bool[] _regular;

    /// <summary>Looks at a weight that has an order; arranges it within its groups.</summary>
    public ScatteredGptq4(WeightTensor weight, int zeroOffset, AffineSource source, CpuIsa isa, NativeTile? native)
        : base(weight, Preparation.Int8(isa, source.Order!))
    {
        _data = Part("data");
        _zeros = Part("zeros");
        _scales = Part("scales");
        _type = StoredScale.Of(weight);
        _zeroOffset = zeroOffset;
        int[] order = source.Order!, groups = new int[Columns];
        new ReadOnlySpan<byte>(Part("group_index"), Columns * sizeof(int)).CopyTo(MemoryMarshal.AsBytes(groups.AsSpan()));
        _regular = ColumnPairs.Arrange(order, groups);
        _places = Array.ConvertAll(order, ColumnPairs.Place);
        _groups = [.. Enumerable.Range(0, Columns / Group).Select(i => groups[order[i * Group]])];
        Tile = TileTable.Create(weight, source, isa, native);
    }

    public override TileKernel? Tile { get; }

    public override int MostBlockRows => 8 * StripRows;

    public override int BlockUnit => StripRows;

    // Only a strip is held, however many of them a block has.
    public override long WorkingRowBytes => sizeof(float);

    public override long ScratchBytes(int rows) => (long)Columns / 2 * StripRows;

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        for (int row = 0; row < rowCount; row += StripRows)
        {
            int count = Math.Min(StripRows, rowCount - row);
            AskForScales(firstRow + row);
            Turn(firstRow + row, count, scratch);
            for (int batchRow = 0; batchRow < batchRows; batchRow++)
                Strip(scratch, firstRow + row, count, activations + batchRow * activationStride, output + batchRow * outputStride + row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Strip(byte* strip, int row, int count, byte* activations, float* output)
    {
        float* sums = stackalloc float[GroupSum.Lanes * StripRows], scales = stackalloc float[StripRows], minimums = stackalloc float[StripRows];
        short* first = stackalloc short[StripRows], second = stackalloc short[StripRows];
        byte* shifts = stackalloc byte[ColumnPairs.ShiftBytes];
        new Span<float>(sums, GroupSum.Lanes * StripRows).Clear();
        ColumnPairs.Shifts(shifts);
        float* steps = (float*)(activations + Int8Activation.ScaleOffset(Columns)), activationSums = (float*)(activations + Int8Activation.SumOffset(Columns));
        int group = -1;
        fixed (int* places = _places)
        fixed (int* groups = _groups)
        fixed (bool* regular = _regular)
            for (int unit = 0, column = 0; column < Columns; unit++, column += Group)
            {
                if (groups[unit] != group)
                    Scales(group = groups[unit], row, count, scales, minimums);
                Half(strip, places + column, (sbyte*)activations + column, shifts, regular[2 * unit], first);
                Half(strip, places + column + Group / 2, (sbyte*)activations + column + Group / 2, shifts, regular[2 * unit + 1], second);
                TransposedGroup sum = new(steps[unit], activationSums[unit], scales, minimums, sums + unit % GroupSum.Lanes * StripRows);
                for (int i = 0; i < StripRows; i += 16)
                    sum.Add(i, 8, Vector256.Load(first + i), Vector256.Load(second + i));
            }
        for (int i = 0; i < count; i += 8)
            TransposedGroup.Total(sums + i, StripRows).Store(output + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half(byte* strip, int* places, sbyte* quants, byte* shifts, bool regular, short* sums)
    {
        if (regular)
            ColumnPairs.RegularDot(strip, places, quants, sums);
        else
            ColumnPairs.Dot(strip, places, quants, shifts, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Turn(int row, int count, byte* strip)
    {
        byte* words = _data + (nint)row * sizeof(int);
        nint stride = (nint)Rows * sizeof(int), ahead = Ahead * stride;
        for (int column = 0; column < Columns; column += ColumnPairs.WordColumns, words += stride, strip += LineBytes)
        {
            // Where memory's lines do not begin with the strip, it has a part of one more.
            for (int i = 0; i < LineBytes; i += 64)
                X86.Sse.Prefetch1(words + ahead + i);
            X86.Sse.Prefetch1(words + ahead + LineBytes - 1);
            if (count == StripRows)
                ColumnPairs.Turn(words, strip);
            else
                ColumnPairs.Turn(words, count, strip);
        }
    }

    // They stand apart, so that each would be waited for; the strip is turned meanwhile.
    private void AskForScales(int row)
    {
        int size = _type == ScaleType.F32 ? 4 : 2;
        int last = -1;
        foreach (int group in _groups)
        {
            if (group == last)
                continue;
            last = group;
            byte* scales = _scales + ((long)group * Rows + row) * size;
            for (int i = 0; i <= StripRows * size; i += 64)
                X86.Sse.Prefetch1(scales + i);
            X86.Sse.Prefetch1(_zeros + ((long)group * Rows + row) / 2);
        }
    }

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
