using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Linear.Nibbles;

/// <summary>
/// Rows of nibbles by machine code. 64 bytes are four groups, whose even columns are low nibbles and whose odd ones are high: the activations are brought into that order, and what belongs to eight groups of each of them
/// stands together.
/// </summary>
internal sealed unsafe class MachineNibbles(NibbleRows rows, NativeNibbles native) : NibbleKernel
{
    private const int Group = Int8Activation.Group, Lanes = GroupSum.Lanes, Step = Lanes * Group, Quarter = 4, Half = Quarter * Group / 2;

    // The values of eight groups, their scales and their sums.
    private const int RecordBytes = Step + 2 * Lanes * sizeof(float);

    public override long ScratchBytes => (long)Eights * RecordBytes * Most;

    private int Eights => (rows.Columns + Step - 1) / Step;

    [SkipLocalsInit]
    public override void Multiply(int firstRow, int rowCount, byte* scratch, byte* activations, long activationStride, int count, float* output, long outputStride)
    {
        for (int row = 0; row < count; row++)
            Order(activations + row * activationStride, scratch + row * RecordBytes, count * RecordBytes);
        NativeNibbles.Call call = new()
        {
            Weights = rows.Data + (long)firstRow * rows.Columns / 2,
            Scales = rows.Scales + firstRow * rows.RowScales,
            Others = rows.OthersOf(firstRow),
            Activations = scratch,
            Output = output,
            ScaleBytes = (nint)rows.RowScales,
            OtherBytes = (nint)rows.OtherStride,
            OutputBytes = (nint)outputStride * sizeof(float),
            Groups = rows.Columns / Group,
            Rows = rowCount,
            Count = count,
            Times = rows.Times,
            Shift = NibbleRow.ShiftOf(firstRow),
        };
        native.Multiply(&call);
    }

    // Of each four groups the even columns, then the odd ones; zeros behind the last group.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Order(byte* activation, byte* ordered, int stride)
    {
        int columns = rows.Columns;
        float* steps = (float*)(activation + Int8Activation.ScaleOffset(columns)), sums = (float*)(activation + Int8Activation.SumOffset(columns));
        Vector128<byte> pick = Vector128.Create((byte)0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
        for (int eight = 0; eight < Eights; eight++, ordered += stride)
        {
            for (int i = 0; i < Lanes; i++)
            {
                int column = eight * Step + i * Group;
                byte* to = ordered + i / Quarter * 2 * Half + i % Quarter * Vector128<byte>.Count;
                Vector128<ulong> first = default, second = default;
                if (column < columns)
                    (first, second) = (Vector128.Shuffle(Vector128.Load(activation + column), pick).AsUInt64(), Vector128.Shuffle(Vector128.Load(activation + column + Group / 2), pick).AsUInt64());
                Vector128.Create(first.GetElement(0), second.GetElement(0)).Store((ulong*)to);
                Vector128.Create(first.GetElement(1), second.GetElement(1)).Store((ulong*)(to + Half));
            }
            // Both sections are zero up to a multiple of 64 bytes.
            Vector256.Load(steps + eight * Lanes).Store((float*)(ordered + Step));
            Vector256.Load(sums + eight * Lanes).Store((float*)(ordered + Step) + Lanes);
        }
    }
}
