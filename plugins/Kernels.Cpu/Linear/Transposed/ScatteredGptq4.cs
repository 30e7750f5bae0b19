using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// GPTQ of four bits whose columns are grouped in the order of their activations. A band of strips of rows goes down the columns by a <see cref="ColumnSchedule"/>, its beginning with the
/// end of the band before. The same products as those of the tiles, which unpack the weight. Needs AVX2.
/// </summary>
internal sealed unsafe class ScatteredGptq4<TTurned> : PackedLinear
    where TTurned : struct, ITurnedColumns
{
    private const int Part = ColumnSchedule.Part, StepLines = Part / TurnedColumns.WordColumns;

    // Activation rows that share the way down the columns.
    private const int Together = LeastTileRows - 1;

    // Steps whose words, and parts whose groups are asked for ahead.
    private const int Ahead = 4, GroupsAhead = 16;

    // The most that strips side by side may hold for one activation row, of the second-level cache: what follows a line in memory comes sooner than another page, but what no longer fits is slower.
    private const int NearBytes = 320 << 10, MostAbreast = 4;

    private readonly byte* _data;
    private readonly StoredGroups _groups;
    private readonly ColumnSchedule _schedule;

    // The columns' lines in a strip's memory, as the columns stand and in their order.
    private readonly int[] _lines, _ordered;

    // Strips that go down the columns side by side.
    private readonly int _abreast;

    /// <summary>Looks at a weight that has an order; rearranges it.</summary>
    public ScatteredGptq4(WeightTensor weight, int zeroOffset, AffineSource source, CpuIsa isa, NativeTile? native)
        : base(weight, Preparation.Int8(isa, source.Order!))
    {
        _data = Stored("data");
        _groups = new StoredGroups(Stored("scales"), Stored("zeros"), Rows, StoredScale.Of(weight), zeroOffset);
        int[] order = source.Order!, groups = new int[Columns];
        new ReadOnlySpan<byte>(Stored("group_index"), Columns * sizeof(int)).CopyTo(MemoryMarshal.AsBytes(groups.AsSpan()));
        _schedule = new ColumnSchedule(order, groups);
        _lines = Array.ConvertAll(_schedule.Slots, slot => slot * StripRows / 2);
        _ordered = Array.ConvertAll(order, column => _lines[column]);
        _abreast = (int)Math.Clamp(NearBytes / (StripBytes + (long)_schedule.EntryCount * (TTurned.FactorBytes + 2 * StripRows * sizeof(short))), 1, MostAbreast);
        Tile = TileTable.Create(weight, source, isa, native);
    }

    public override TileKernel? Tile { get; }

    public override string InstructionSet => TTurned.InstructionSet;

    // The first band of a block has nothing to be multiplied with its first words, and the last one nothing to be read with its last columns.
    public override int MostBlockRows => 1024;

    public override int BlocksOfLane => 2;

    public override int BlockUnit => StripRows;

    // Only parts of two bands are held, however many of them a block has.
    public override long WorkingRowBytes => sizeof(float);

    public override long ScratchBytes(int rows) => _abreast * (2 * StripBytes + (long)_schedule.EntryCount * EntryBytes + SumFloats * sizeof(float));

    private static int StripRows => TTurned.Rows;

    // What belongs to a group, and for each activation row the products of two parts.
    private static int EntryBytes => TTurned.FactorBytes + Together * 2 * StripRows * sizeof(short);

    private static int SumFloats => Together * GroupSum.Lanes * StripRows;

    private long StripBytes => (long)_schedule.SlotCount * StripRows / 2;

    private nint Stride => (nint)Rows * sizeof(int);

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        for (int first = 0; first < batchRows; first += Together)
            Few(firstRow, rowCount, scratch, new Batch(activations + first * activationStride, activationStride, Math.Min(Together, batchRows - first), output + first * outputStride, outputStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Few(int firstRow, int rowCount, byte* scratch, in Batch batch)
    {
        byte* entries = scratch + _abreast * 2 * StripBytes;
        long entryBytes = (long)_schedule.EntryCount * EntryBytes;
        float* sums = (float*)(entries + _abreast * entryBytes);
        int steps = Columns / Part, lag = _schedule.Lag, strips = (rowCount + StripRows - 1) / StripRows;
        for (int band = 0; band < strips + _abreast; band += _abreast)
            for (int step = 0; step < (band < strips ? steps : lag); step++)
            {
                int asked = step + Ahead < steps ? step + Ahead : step + Ahead - steps, of = step + Ahead < steps ? band : band + _abreast;
                for (int place = 0; place < _abreast; place++)
                {
                    int turned = band + place, done = step < lag ? turned - _abreast : turned;
                    // At the block's end there is nothing more: the same line again.
                    byte* ahead = of + place < strips ? Words(firstRow + (of + place) * StripRows, asked) : _data;
                    if (turned < strips)
                        Turn(At(turned, firstRow, rowCount, scratch, batch.Output), step);
                    if (done >= 0 && done < strips)
                        Multiply(At(done, firstRow, rowCount, scratch, batch.Output), step < lag ? step - lag + steps : step - lag, ahead, entries + place * entryBytes, sums + place * SumFloats, batch);
                    else if (of + place < strips)
                        TurnedColumns.Ask(ahead, Math.Min(StripRows, rowCount - (of + place) * StripRows), Stride);
                }
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Strip At(int strip, int firstRow, int rowCount, byte* scratch, float* output)
    {
        int row = strip * StripRows;
        return new Strip(firstRow + row, Math.Min(StripRows, rowCount - row), scratch + strip % (2 * _abreast) * StripBytes, output + row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Turn(in Strip strip, int step)
    {
        byte* words = Words(strip.Row, step);
        nint stride = Stride;
        fixed (int* lines = &_lines[step * Part])
            for (int line = 0; line < StepLines; line++, words += stride)
                if (strip.Rows == StripRows)
                    TurnedColumns.Turn<TTurned>(words, strip.Lines, lines + line * TurnedColumns.WordColumns);
                else
                    TurnedColumns.Turn<TTurned>(words, strip.Rows, strip.Lines, lines + line * TurnedColumns.WordColumns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(in Strip strip, int number, byte* ahead, byte* entries, float* sums, in Batch batch)
    {
        ReadOnlySpan<ScheduledPart> parts = _schedule.Parts;
        ref readonly ScheduledPart part = ref parts[number];
        byte* entry = entries + part.Entry * EntryBytes;
        short* products = (short*)(entry + TTurned.FactorBytes);
        if (part.NeedsGroup)
            TTurned.Read(_groups, part.Group, strip.Row, strip.Rows, entry);
        int soon = number + GroupsAhead, unit = part.First / ColumnSchedule.Unit;
        if (soon < parts.Length && parts[soon].NeedsGroup)
            _groups.Ask(parts[soon].Group, strip.Row, strip.Rows);
        for (int row = 0; row < batch.Rows; row++, sums += GroupSum.Lanes * StripRows, products += 2 * StripRows)
        {
            if (number == 0)
                new Span<float>(sums, GroupSum.Lanes * StripRows).Clear();
            byte* activations = batch.Activations + row * batch.Stride;
            fixed (int* ordered = &_ordered[part.First])
                TTurned.Multiply(strip.Lines, ordered, (sbyte*)activations + part.First, strip.Rows, ahead, Stride, part.EndsUnit ? products + StripRows : products);
            if (!part.EndsUnit)
                continue;
            float step = ((float*)(activations + Int8Activation.ScaleOffset(Columns)))[unit], sum = ((float*)(activations + Int8Activation.SumOffset(Columns)))[unit];
            TTurned.Add(step, sum, entry, products, sums + unit % GroupSum.Lanes * StripRows, strip.Rows);
            if (number == parts.Length - 1)
                for (int i = 0; i < strip.Rows; i += 8)
                    TransposedGroup.Total(sums + i, StripRows).Store(strip.Output + row * batch.OutputStride + i);
        }
    }

    private byte* Stored(string name) => Array.Find(Weight.Parts, p => p.Name == name)!.Data;

    private byte* Words(int row, int step) => _data + (nint)row * sizeof(int) + step * StepLines * Stride;

    private readonly struct Strip(int row, int rows, byte* lines, float* output)
    {
        public readonly int Row = row, Rows = rows;
        public readonly byte* Lines = lines;
        public readonly float* Output = output;
    }

    private readonly struct Batch(byte* activations, long stride, int rows, float* output, long outputStride)
    {
        public readonly byte* Activations = activations;
        public readonly long Stride = stride, OutputStride = outputStride;
        public readonly int Rows = rows;
        public readonly float* Output = output;
    }
}
