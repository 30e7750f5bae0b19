using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Quant.Common;

namespace Tessera.Quant.Gptq;

/// <summary>AWQ in the order "gemm": <c>data</c> is [columns, rows / 8] and <c>zeros</c> [groups, rows / 8]; a word's nibbles, from the lowest, are of rows 0 2 4 6 1 3 5 7.</summary>
/// <remarks>https://arxiv.org/abs/2306.00978</remarks>
internal sealed unsafe class AwqType() : TransposedType("awq4", 4)
{
    private static ReadOnlySpan<byte> Shifts => [0, 16, 4, 20, 8, 24, 12, 28];

    public override int BlockSize => 1;

    protected override int RowBlock => Lanes;

    protected override string[] Optional => [];

    protected override void Panel(WeightTensor weight, long row, long column, int count, byte* panel)
    {
        long stride = weight.Rows / Lanes;
        uint* from = (uint*)weight.Data(Data) + column * stride + row / Lanes;
        int i = 0;
        if (Avx2.IsSupported)
            for (; i <= count - 8; i += 8)
                Eight(from + i * stride, stride, panel + i);
        for (; i < count; i++)
        {
            uint word = Unsafe.ReadUnaligned<uint>(from + i * stride);
            for (int lane = 0; lane < Lanes; lane++)
                panel[lane * Unit + i] = (byte)(word >> Shifts[lane] & 15);
        }
    }

    protected override int Zero(byte* zeros, long rows, long group, long row) =>
        Unsafe.ReadUnaligned<int>(zeros + group * rows / 2 + row / Lanes * sizeof(int)) >> Shifts[(int)(row % Lanes)] & 15;

    // Eight words to eight bytes of each of eight rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(uint* words, long stride, byte* panel)
    {
        Vector256<byte> packed = Vector256.Create(
            Word(words, 0), Word(words, stride), Word(words, 2 * stride), Word(words, 3 * stride),
            Word(words, 4 * stride), Word(words, 5 * stride), Word(words, 6 * stride), Word(words, 7 * stride)).AsByte();
        // A byte's two nibbles are of two rows: bytes 0 to 3 of rows 0 2, 4 6, 1 3 and 5 7.
        Vector256<byte> turn = Vector256.Create(Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        Vector256<int> halves = Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7);
        packed = Avx2.PermuteVar8x32(Avx2.Shuffle(packed, turn).AsInt32(), halves).AsByte();
        Vector256<ulong> low = (packed & Vector256.Create((byte)15)).AsUInt64(), high = ((packed.AsUInt16() >> 4).AsByte() & Vector256.Create((byte)15)).AsUInt64();
        Row(panel, 0) = low[0];
        Row(panel, 4) = low[1];
        Row(panel, 1) = low[2];
        Row(panel, 5) = low[3];
        Row(panel, 2) = high[0];
        Row(panel, 6) = high[1];
        Row(panel, 3) = high[2];
        Row(panel, 7) = high[3];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Word(uint* words, long at) => Unsafe.ReadUnaligned<uint>(words + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref ulong Row(byte* panel, int lane) => ref *(ulong*)(panel + lane * Unit);
}
