using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// GPTQ of four bits whose columns are grouped in the order of their activations. A band of strips of rows goes down the columns by a <see cref="ColumnSchedule"/>, its beginning with the
/// end of the band before. The same products as those of the tiles, which unpack the weight. Needs AVX2.
/// </summary>
internal sealed unsafe class ScatteredGptq4<TSimd, TInt, TFloat> : PackedLinear
    where TSimd : struct, ISimd<TInt, TFloat>
    where TInt : struct
    where TFloat : struct
{
    private const int Step = ColumnSchedule.Step, StepParts = ColumnSchedule.StepParts, WordColumns = TurnedColumns<TSimd, TInt, TFloat>.WordColumns, StepLines = Step / WordColumns;

    // Activation rows that share the way down the columns.
    private const int Together = LeastTileRows - 1;

    // Steps whose words, and parts whose groups are asked for ahead.
    private const int Ahead = 1, GroupsAhead = 32;

    // Strips side by side may hold an eighth of the second-level cache: what follows a line in memory comes sooner than another page, but what no longer fits is slower.
    private const int NearPart = 8, MostAbreast = 4;

    private readonly byte* _data;
    private readonly StoredGroups _groups;
    private readonly ScheduledPart[] _parts;
    private readonly int _steps, _lag;

    // Bytes of a strip's lines, of its units' sums of one activation row, of what belongs to groups, and of all that strips at one place have: two in turn have lines.
    private readonly long _lineBytes, _heldBytes, _factorBytes, _placeBytes;

    // The columns' lines in a strip's memory, as the columns stand and in their order.
    private readonly int[] _lines, _ordered;

    // Strips that go down the columns side by side.
    private readonly int _abreast;

    /// <summary>Looks at a weight that has an order; rearranges it.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="zeroOffset">What is added to the zero points.</param>
    /// <param name="source">The same weight, unpacked.</param>
    /// <param name="isa">What may be used.</param>
    /// <param name="native">Machine code for its tiles.</param>
    /// <param name="cacheBytes">The second-level cache.</param>
    public ScatteredGptq4(WeightTensor weight, int zeroOffset, AffineSource source, CpuIsa isa, NativeTile? native, long cacheBytes)
        : base(weight, Preparation.Int8(isa, source.Order!))
    {
        _data = Stored("data");
        _groups = new StoredGroups(Stored("scales"), Stored("zeros"), Rows, StoredScale.Of(weight), zeroOffset);
        int[] order = source.Order!, groups = new int[Columns];
        new ReadOnlySpan<byte>(Stored("group_index"), Columns * sizeof(int)).CopyTo(MemoryMarshal.AsBytes(groups.AsSpan()));
        ColumnSchedule schedule = new(order, groups);
        (_parts, _steps, _lag) = (schedule.Parts, (Columns + Step - 1) / Step, schedule.Lag);
        _lines = Array.ConvertAll(schedule.Slots, slot => slot * TurnedColumns<TSimd, TInt, TFloat>.LineBytes);
        _ordered = Array.ConvertAll(order, column => _lines[column]);
        _lineBytes = (long)schedule.SlotCount * TurnedColumns<TSimd, TInt, TFloat>.LineBytes;
        _heldBytes = (long)schedule.SumCount * StripRows * sizeof(short);
        _factorBytes = (long)schedule.EntryCount * TurnedProducts<TSimd, TInt, TFloat>.FactorBytes;
        _placeBytes = 2 * _lineBytes + _factorBytes + Together * (_heldBytes + SumFloats * sizeof(float));
        int fitting = (int)Math.Clamp(cacheBytes / NearPart / (_lineBytes + _heldBytes + _factorBytes), 1, MostAbreast);
        // Of a block none is left over.
        _abreast = 1 << BitOperations.Log2((uint)fitting);
        Tile = TileTable.Create(weight, source, isa, native);
        Compile();
    }

    public override TileKernel? Tile { get; }

    public override string InstructionSet => TSimd.Name;

    // The first band of a block has nothing to be multiplied with its first words, and the last one nothing to be read with its last columns.
    public override int MostBlockRows => 1024;

    public override int BlocksOfLane => 2;

    public override int BlockUnit => StripRows;

    // Only parts of two bands are held, however many of them a block has.
    public override long WorkingRowBytes => sizeof(float);

    public override long ScratchBytes(int rows) => _abreast * _placeBytes;

    private static int StripRows => TurnedColumns<TSimd, TInt, TFloat>.Rows;

    // Of an activation row.
    private static int SumFloats => GroupSum.Lanes * StripRows;

    private nint Stride => (nint)Rows * sizeof(int);

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        for (int first = 0; first < batchRows; first += Together)
            Few(firstRow, rowCount, scratch, new Batch(activations + first * activationStride, activationStride, Math.Min(Together, batchRows - first), output + first * outputStride, outputStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Few(int firstRow, int rowCount, byte* scratch, in Batch batch)
    {
        int strips = (rowCount + StripRows - 1) / StripRows;
        for (int band = 0; band < strips + _abreast; band += _abreast)
            for (int step = 0; step < (band < strips ? _steps : _lag); step++)
                for (int place = 0; place < _abreast; place++)
                {
                    int turned = band + place, done = step < _lag ? turned - _abreast : turned;
                    if (turned < strips)
                        Turn(At(turned, firstRow, rowCount, scratch, batch.Output), step, Words(firstRow, strips, turned, step + Ahead));
                    byte* soon = place + 1 < _abreast ? Words(firstRow, strips, turned + 1, step) : Words(firstRow, strips, band, step + 1);
                    if (done >= 0 && done < strips)
                        Multiply(At(done, firstRow, rowCount, scratch, batch.Output), step < _lag ? step - _lag + _steps : step - _lag, soon, batch);
                }
    }

    // The words of a strip's step, or of the strip at its place in the next band; at the block's end there is nothing more, and any will do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Words(int firstRow, int strips, int strip, int step)
    {
        if (step >= _steps)
            (strip, step) = (strip + _abreast, step - _steps);
        return strip < strips ? Words(firstRow + strip * StripRows, step) : _data;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Strip At(int strip, int firstRow, int rowCount, byte* scratch, float* output)
    {
        int row = strip * StripRows;
        byte* place = scratch + strip % _abreast * _placeBytes;
        return new Strip(firstRow + row, Math.Min(StripRows, rowCount - row), place, place + strip / _abreast % 2 * _lineBytes, output + row);
    }

    // Half a strip of all lines, then the other.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Turn(in Strip strip, int step, byte* ahead)
    {
        byte* words = Words(strip.Row, step);
        nint stride = Stride;
        int count = Math.Min(StepLines, Columns / WordColumns - step * StepLines);
        fixed (int* places = &_lines[step * Step])
        {
            if (strip.Rows < StripRows)
                for (int line = 0; line < count; line++)
                    TurnedColumns<TSimd, TInt, TFloat>.TurnFew(words + line * stride, strip.Rows, ahead + line * stride, strip.Lines, places + line * WordColumns);
            else
                for (int half = 0; half < TurnedColumns<TSimd, TInt, TFloat>.Halves; half++)
                    for (int line = 0; line < count; line++)
                        TurnedColumns<TSimd, TInt, TFloat>.Turn(words + line * stride, half, ahead + line * stride, strip.Lines, places + line * WordColumns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply(in Strip strip, int step, byte* soon, in Batch batch)
    {
        byte* factors = strip.Place + 2 * _lineBytes, held = factors + _factorBytes;
        float* sums = (float*)(held + Together * _heldBytes);
        nint stride = Stride, negatedSum = Int8Activation.NegatedSumOffset(Columns), scale = Int8Activation.ScaleOffset(Columns), sum = Int8Activation.SumOffset(Columns);
        ReadOnlySpan<ScheduledPart> parts = _parts;
        if (step == 0)
            new Span<float>(sums, batch.Rows * SumFloats).Clear();
        fixed (int* ordered = _ordered)
            for (int number = step * StepParts, end = Math.Min(number + StepParts, parts.Length); number < end; number++, soon += TurnedProducts<TSimd, TInt, TFloat>.AskedBytes)
            {
                ref readonly ScheduledPart part = ref parts[number];
                byte* entry = factors + part.Entry * TurnedProducts<TSimd, TInt, TFloat>.FactorBytes;
                if (part.NeedsGroup)
                    _groups.Read(part.Group, strip.Row, strip.Rows, TSimd.Width == 16, (float*)entry, (sbyte*)entry + StripRows * sizeof(float));
                int later = number + GroupsAhead;
                if (later < parts.Length && parts[later].NeedsGroup)
                    _groups.Ask(parts[later].Group, strip.Row, strip.Rows);
                uint unit = (uint)part.First / ColumnSchedule.Unit;
                for (int row = 0; row < batch.Rows; row++)
                {
                    byte* activations = batch.Activations + row * batch.Stride;
                    TurnedUnit of = new()
                    {
                        Starts = part.StartsUnit,
                        Ends = part.EndsUnit,
                        Quants = -((int*)(activations + negatedSum))[unit],
                        Held = (short*)(held + row * _heldBytes) + part.Sums * StripRows,
                        Step = ((float*)(activations + scale))[unit],
                        Sum = ((float*)(activations + sum))[unit],
                        Factors = entry,
                        Sums = sums + row * SumFloats + unit % GroupSum.Lanes * StripRows,
                    };
                    TurnedProducts<TSimd, TInt, TFloat>.Multiply(strip.Lines, ordered + part.First, (sbyte*)activations + part.First, strip.Rows, soon, stride, of);
                }
            }
        if (step == _steps - 1)
            for (int row = 0; row < batch.Rows; row++)
                for (int i = 0; i < strip.Rows; i += 8)
                    TransposedGroup.Total(sums + row * SumFloats + i, StripRows).Store(strip.Output + row * batch.OutputStride + i);
    }

    // All that a step runs, once and with no rows or with memory of its own.
    private void Compile()
    {
        int lineBytes = TurnedColumns<TSimd, TInt, TFloat>.LineBytes;
        byte* line = stackalloc byte[lineBytes], held = stackalloc byte[StripRows * sizeof(short)];
        int* places = stackalloc int[ColumnSchedule.Part];
        sbyte* quants = stackalloc sbyte[ColumnSchedule.Part];
        TurnedProducts<TSimd, TInt, TFloat>.Multiply(line, places, quants, 0, _data, 0, new TurnedUnit { Held = (short*)held });
        Strip none = new(0, 0, null, null, null);
        Batch empty = default;
        TurnedColumns<TSimd, TInt, TFloat>.TurnFew(null, 0, null, null, null);
        Turn(none, 0, null);
        _groups.Read(0, 0, 0, TSimd.Width == 16, null, null);
        Multiply(none, 0, null, empty);
        Few(0, 0, null, empty);
    }

    private byte* Stored(string name) => Array.Find(Weight.Parts, p => p.Name == name)!.Data;

    private byte* Words(int row, int step) => _data + (nint)row * sizeof(int) + step * StepLines * Stride;

    private readonly struct Strip(int row, int rows, byte* place, byte* lines, float* output)
    {
        public readonly int Row = row, Rows = rows;
        public readonly byte* Place = place, Lines = lines;
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
