using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.Tiles;
using Tessera.Kernels.Cpu.Tiles.Native;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>
/// A weight of four bits that is stored as the transposed matrix, read as it stands: a block of rows is a strip that goes down the columns, and every row has its sums in
/// <see cref="GroupSum"/>'s lanes. The same products as those of the tiles, which unpack it.
/// </summary>
internal sealed unsafe class TransposedLinear<TWeight> : PackedLinear
    where TWeight : struct, ITransposedWeight
{
    // Activation rows that share the way down the columns, and groups of 32 columns that stay in the cache for all of them.
    private const int Together = LeastTileRows - 1, Near = 4;

    private readonly byte* _data;
    private readonly byte* _zeros;
    private readonly byte* _scales;
    private readonly ScaleType _type;
    private readonly nint _stride;
    private readonly int _perGroup;
    private readonly int _zeroOffset;
    private readonly bool _isWide;
    private readonly NativeColumns? _native;
    private readonly string _instructionSet;

    /// <summary>Looks at a weight whose groups are of a multiple of 32 columns.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="group">Columns of a group.</param>
    /// <param name="zeroOffset">What is added to the zero points.</param>
    /// <param name="source">The same weight, unpacked.</param>
    /// <param name="int8">Signed bytes in groups of 32.</param>
    /// <param name="isa">What may be used.</param>
    /// <param name="native">Machine code for its tiles.</param>
    /// <param name="columns">Machine code for its columns.</param>
    /// <param name="found">What was found of that, for people; empty where there is nothing to say.</param>
    public TransposedLinear(WeightTensor weight, int group, int zeroOffset, AffineSource source, Preparation int8, CpuIsa isa, NativeTile? native, NativeColumns? columns = null, string found = "")
        : base(weight, int8)
    {
        _data = Part("data");
        _zeros = Part("zeros");
        _scales = Part("scales");
        _type = StoredScale.Of(weight);
        _stride = (nint)Rows / 8 * TWeight.EightBytes;
        _perGroup = group / Int8Activation.Group;
        _zeroOffset = zeroOffset;
        _isWide = isa.Avx512;
        _native = columns;
        _instructionSet = found.Length > 0 ? found : TWeight.InstructionSet;
        Tile = TileTable.Create(weight, source, isa, native);
        Compile();
    }

    public override TileKernel? Tile { get; }

    public override string InstructionSet => _instructionSet;

    // Wide strips: the more rows, the more of a line and of a page of memory is used each time. Measured: AWQ is a sixth faster with strips of 2200 rows than of 900.
    public override int MostBlockRows => _native is null ? 4096 : TWeight.NativeBlockRows;

    public override int BlocksOfLane => _native is null ? 2 : 1;

    public override int BlockUnit => _native is null ? TWeight.BlockUnit : TWeight.LineRows;

    // Of the lanes' sums one is used at a time.
    public override long WorkingRowBytes => Others * sizeof(float);

    // Scales, minimums, sums of some columns; then for each activation row a sum for each lane; and the activations in their order.
    public override long ScratchBytes(int rows) => Together * (long)Align(Columns) + (Together * GroupSum.Lanes + Others) * (long)Width(rows) * sizeof(float);

    private const int Others = 3;

    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        for (int first = 0; first < batchRows; first += Together)
            Few(firstRow, rowCount, scratch, activations + first * activationStride, activationStride, Math.Min(Together, batchRows - first), output + first * outputStride, outputStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Few(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int batchRows, float* output, long outputStride)
    {
        int width = Width(rowCount), laneFloats = GroupSum.Lanes * width, groups = Columns / Int8Activation.Group, near;
        float* scales = (float*)scratch, minimums = scales + width, held = minimums + width, sums = held + width;
        sbyte* quants = (sbyte*)(sums + Together * laneFloats);
        for (int row = 0; row < batchRows; row++)
            for (int i = 0; i < Columns; i += 32)
                TWeight.Order(Vector256.Load((sbyte*)(activations + row * activationStride) + i)).Store(quants + (nint)row * Align(Columns) + i);
        new Span<float>(sums, batchRows * laneFloats).Clear();
        new Span<float>(scales, rowCount > 0 ? 2 * width : 0).Clear();
        StripRows rows = Begin(firstRow, rowCount);
        byte* data = rows.Words;
        for (int first = 0; first < groups; first += near, data += near * TWeight.Lines * _stride)
        {
            if (first % _perGroup == 0)
                Scales(first / _perGroup, firstRow, rowCount, rows.Lead, scales, minimums);
            near = Math.Min(Math.Min(Near, GroupSum.Lanes - first % GroupSum.Lanes), Math.Min(_perGroup - first % _perGroup, groups - first));
            for (int row = 0; row < batchRows; row++)
                Strip(data, first, near, quants + (nint)row * Align(Columns), activations + row * activationStride, scales, minimums, sums + row * laneFloats, width, rows, (short*)held);
        }
        for (int row = 0; row < batchRows; row++)
            Total(sums + row * laneFloats, width, rows.Lead, rowCount, output + row * outputStride);
    }

    // Words are read from where one of memory's lines begins, if all lines of words do so alike: across two of memory's, each read takes nearly twice as long. What stands before the rows and behind them is in
    // the same line of memory as one of their words, and its scales are zero.
    private StripRows Begin(int firstRow, int rowCount)
    {
        byte* words = _data + (nint)firstRow / 8 * TWeight.EightBytes;
        byte* next = firstRow + rowCount < Rows ? words + rowCount / 8 * TWeight.EightBytes : words;
        int within = (int)((nint)words % StoredGroups.MemoryLine);
        if (_stride % StoredGroups.MemoryLine != 0 || within % sizeof(int) != 0)
            return new StripRows(words, 0, rowCount, _native is null ? 0 : rowCount - rowCount % TWeight.LineRows, next);
        int lead = within * 8 / TWeight.EightBytes, run = _native is null ? TWeight.Run : TWeight.LineRows, all = (lead + rowCount + run - 1) / run * run;
        return new StripRows(words - within, lead, all, _native is null ? 0 : all, next - within);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Strip(byte* data, int first, int count, sbyte* quants, byte* activations, float* scales, float* minimums, float* sums, int width, in StripRows rows, short* held)
    {
        float* steps = (float*)(activations + Int8Activation.ScaleOffset(Columns)), activationSums = (float*)(activations + Int8Activation.SumOffset(Columns));
        int* negatedSums = (int*)(activations + Int8Activation.NegatedSumOffset(Columns));
        quants += first * Int8Activation.Group;
        sums += first % GroupSum.Lanes * width;
        if (rows.Native > 0)
            _native!.Multiply(new ColumnStrip
            {
                Words = data,
                Stride = _stride,
                Quants = quants,
                Steps = steps + first,
                ActivationSums = activationSums + first,
                Sums = sums,
                LaneBytes = (nint)width * sizeof(float),
                Scales = scales,
                Minimums = minimums,
                Next = (first + count) * Int8Activation.Group < Columns ? data + count * TWeight.Lines * _stride : rows.Next,
                Rows = rows.Native,
                Units = count,
            });
        if (rows.Native == rows.All)
            return;
        data += rows.Native / 8 * TWeight.EightBytes;
        for (int group = first; group < first + count; group++, data += TWeight.Lines * _stride, quants += Int8Activation.Group, sums += width)
            TWeight.Dot(data, _stride, rows.All - rows.Native, quants, new TransposedGroup(steps[group], activationSums[group], -negatedSums[group], scales, minimums, sums).From(rows.Native), held);
    }

    // Of one group of columns, in the order of the runs' vectors; the first row's stand behind so many others.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scales(int group, int firstRow, int rowCount, int lead, float* scales, float* minimums)
    {
        int size = _type == ScaleType.F32 ? 4 : 2;
        nint at = (nint)group * Rows + firstRow, scaleBytes = (nint)Rows * size, zeroBytes = Rows >> 1;
        byte* stored = _scales + at * size, zeros = _zeros + (at >> 1);
        // The next group's.
        for (int i = 0; i < rowCount * size; i += StoredGroups.MemoryLine)
            X86.Sse.Prefetch1(stored + scaleBytes + i);
        for (int i = 0; i < rowCount / 2; i += StoredGroups.MemoryLine)
            X86.Sse.Prefetch1(zeros + zeroBytes + i);
        // Runs that have an order begin where the table's do.
        int head = TWeight.IsInOrder ? 0 : Math.Min((TWeight.LineRows - lead) % TWeight.LineRows, rowCount);
        EightScales(stored, zeros, 0, head, lead, scales, minimums);
        int wide = head + WideScales(stored + head * size, zeros + head / 2, rowCount - head, scales + lead + head, minimums + lead + head);
        EightScales(stored, zeros, wide, rowCount, lead, scales, minimums);
    }

    // Those of whole runs; the number of their rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int WideScales(byte* stored, byte* zeros, int rowCount, float* scales, float* minimums)
    {
        if (_native is null || _type != ScaleType.F16)
            return _isWide ? TWeight.Factors(stored, _type, zeros, _zeroOffset, rowCount, scales, minimums) : 0;
        int whole = rowCount - rowCount % TWeight.LineRows;
        _native.Factors(stored, zeros, _zeroOffset, whole, scales, minimums);
        return whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EightScales(byte* stored, byte* zeros, int row, int end, int lead, float* scales, float* minimums)
    {
        Vector256<int> zeroOffset = Vector256.Create(_zeroOffset);
        for (; row < end; row += 8)
        {
            Vector256<float> scale = StoredScale.Eight(stored, row, _type);
            Vector256<int> zero = TWeight.Zeros(Unsafe.ReadUnaligned<int>(zeros + row / 2)) + zeroOffset;
            TWeight.Store(scale, scales, lead + row);
            TWeight.Store(-(scale * Vector256.ConvertToSingle(zero)), minimums, lead + row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Total(float* sums, int width, int lead, int rowCount, float* output)
    {
        float* totals = sums;
        for (int row = 0; row < width; row += 8)
            TransposedGroup.Total(sums + row, width).Store(totals + row);
        for (int row = 0; row < rowCount; row += 8)
            TWeight.Load(totals, lead + row).Store(output + row);
    }

    // All that a step runs, once and with no rows.
    private void Compile()
    {
        sbyte* quants = stackalloc sbyte[Int8Activation.Group];
        StripRows none = new(null, 0, 0, 0, null);
        Strip(null, 0, 0, null, null, null, null, null, 0, none, null);
        TWeight.Dot(null, 0, 0, quants, default, null);
        Scales(0, 0, 0, 0, null, null);
        Total(null, 0, 0, 0, null);
        Few(0, 0, null, null, 0, 0, null, 0);
    }

    private byte* Part(string name) => Array.Find(Weight.Parts, p => p.Name == name)!.Data;

    // With room for what stands before the first row in a line of memory.
    private static int Width(int rows) => (rows + 2 * TWeight.LineRows - 1) / TWeight.LineRows * TWeight.LineRows;

    private static int Align(int bytes) => (bytes + 63) & ~63;

    // Where a strip begins, how many rows stand before its own, all with these, how many machine code takes, and where the strip behind it begins, which may be the lane's next one; of the last one, itself.
    private readonly struct StripRows(byte* words, int lead, int all, int native, byte* next)
    {
        public readonly byte* Words = words, Next = next;
        public readonly int Lead = lead, All = all, Native = native;
    }
}
