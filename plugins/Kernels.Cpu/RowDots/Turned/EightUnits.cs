using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Blocks32;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.Units;
using Tessera.Kernels.Cpu.Tiles;
using static Tessera.Kernels.Cpu.RowDots.Turned.ColumnFours;

namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>Eight rows of units: one unit of each is unpacked at a time, then turned group by group.</summary>
internal readonly unsafe struct EightUnits<TUnit, TByteDot> : IEightRows
    where TUnit : struct, IUnit
    where TByteDot : struct, IByteDot
{
    private const int Columns = Int8Activation.Group, Rows = EightRows.Rows, Most = EightRows.Most, Alignment = 64, Scales = 2 * UnitDot.Groups;

    // Units of a row that are asked for ahead.
    private const int Ahead = 2;

    public static int Least => 4;

    // Pairs of whole bytes' products fit 16 bits only with the weights' signs apart; else weights are unsigned, with the zero point added.
    private static bool IsSigned
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TUnit.ZeroShift == 7 && typeof(TByteDot) == typeof(PairDot);
    }

    // What is read of the stack's memory is written before, but for scales of groups that are not there, which are turned and not used.
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public static void Multiply(byte* weights, nint rowBytes, int columns, byte* activations, nint stride, int count, float* output, nint outputStride)
    {
        byte* room = stackalloc byte[sizeof(Vector256<float>) * (GroupSum.Lanes * Most + Rows + Scales) + Rows * (UnitDot.Columns + Scales * sizeof(float)) + Alignment];
        byte* unpacked = (byte*)((nint)(room + Alignment - 1) & -Alignment), signs = unpacked + Rows * UnitDot.Columns;
        float* scales = (float*)(signs + sizeof(Vector256<byte>) * Rows), turned = scales + Rows * Scales;
        Vector256<float>* lanes = (Vector256<float>*)(turned + Rows * Scales);
        new Span<Vector256<float>>(lanes, GroupSum.Lanes * count).Clear();
        int groups = columns / Columns, units = (groups + UnitDot.Groups - 1) / UnitDot.Groups;
        nint step = Int8Activation.ScaleOffset(columns), negatedSum = Int8Activation.NegatedSumOffset(columns), negatedFour = Int8Activation.NegatedSum4Offset(columns);
        nint further = Rows * rowBytes - (nint)units * TUnit.Bytes;
        byte* table = TUnit.Table(), unit = weights, x = activations;
        Vector256<byte> zero = Vector256.Create((byte)(1 << TUnit.ZeroShift));
        for (int first = 0; first < groups; first += UnitDot.Groups, unit += TUnit.Bytes)
        {
            int here = Math.Min(UnitDot.Groups, groups - first);
            Unpack(unit, rowBytes, here, table, unpacked, scales, first / UnitDot.Groups + Ahead < units ? 0 : further);
            TurnScales(scales, turned);
            for (int group = 0; group < here; group++, x += Columns, step += sizeof(float), negatedSum += sizeof(int), negatedFour += sizeof(int) * Columns / 4)
            {
                Turn.Eight(unpacked + group * Columns, UnitDot.Columns, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7);
                if (IsSigned)
                {
                    w0 = Magnitude(w0, signs);
                    w1 = Magnitude(w1, signs + 32);
                    w2 = Magnitude(w2, signs + 64);
                    w3 = Magnitude(w3, signs + 96);
                    w4 = Magnitude(w4, signs + 128);
                    w5 = Magnitude(w5, signs + 160);
                    w6 = Magnitude(w6, signs + 192);
                    w7 = Magnitude(w7, signs + 224);
                }
                else
                {
                    w0 += zero;
                    w1 += zero;
                    w2 += zero;
                    w3 += zero;
                    w4 += zero;
                    w5 += zero;
                    w6 += zero;
                    w7 += zero;
                }
                int number = TUnit.HasSixteens ? 2 * group : group;
                Vector256<float> scale = Vector256.LoadAligned(turned + number * Rows), second = TUnit.HasSixteens ? Vector256.LoadAligned(turned + (number + 1) * Rows) : default;
                byte* q = x, row = activations;
                Vector256<float>* lane = lanes + group * count;
                for (Vector256<float>* end = lane + count; lane < end; lane++, q += stride, row += stride)
                {
                    Vector256<int> low, high;
                    if (IsSigned)
                    {
                        low = Dot(Dot(Dot(Dot(default, w0, Sign(q, signs)), w1, Sign(q + 4, signs + 32)), w2, Sign(q + 8, signs + 64)), w3, Sign(q + 12, signs + 96));
                        high = Dot(Dot(Dot(Dot(default, w4, Sign(q + 16, signs + 128)), w5, Sign(q + 20, signs + 160)), w6, Sign(q + 24, signs + 192)), w7, Sign(q + 28, signs + 224));
                    }
                    else
                    {
                        low = Dot(Dot(Dot(Dot(default, w0, Four(q)), w1, Four(q + 4)), w2, Four(q + 8)), w3, Four(q + 12));
                        high = Dot(Dot(Dot(Dot(default, w4, Four(q + 16)), w5, Four(q + 20)), w6, Four(q + 24)), w7, Four(q + 28));
                    }
                    Vector256<float> steps = Vector256.Create(*(float*)(row + step));
                    if (TUnit.HasSixteens)
                    {
                        if (!IsSigned)
                        {
                            int* fours = (int*)(row + negatedFour);
                            int lowSum = fours[0] + fours[1] + fours[2] + fours[3];
                            low += Vector256.Create(lowSum << TUnit.ZeroShift);
                            high += Vector256.Create(*(int*)(row + negatedSum) - lowSum << TUnit.ZeroShift);
                        }
                        *lane = UnitSum.Add(UnitSum.Add(*lane, low, steps, scale), high, steps, second);
                        continue;
                    }
                    low += high;
                    if (!IsSigned)
                        low += Vector256.Create(*(int*)(row + negatedSum) << TUnit.ZeroShift);
                    *lane = UnitSum.Add(*lane, low, steps, scale);
                }
            }
        }
        for (int row = 0; row < count; row++, lanes++, output += outputStride)
            ((lanes[0] + lanes[4 * count] + (lanes[2 * count] + lanes[6 * count])) + (lanes[count] + lanes[5 * count] + (lanes[3 * count] + lanes[7 * count]))).Store(output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack(byte* unit, nint rowBytes, int groups, byte* table, byte* unpacked, float* scales, nint further)
    {
        for (int row = 0; row < Rows; row++, unit += rowBytes, unpacked += UnitDot.Columns, scales += Scales)
        {
            for (int line = 0; line < TUnit.Bytes; line += 64)
                Sse.Prefetch0(unit + Ahead * TUnit.Bytes + further + line);
            TUnit.Unpack(unit, groups, table, (sbyte*)unpacked, scales);
        }
    }

    /// <summary>Scales of eight rows to those of eight rows for each group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TurnScales(float* scales, float* turned)
    {
        TurnEight(scales, turned);
        if (TUnit.HasSixteens)
            TurnEight(scales + UnitDot.Groups, turned + UnitDot.Groups * Rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TurnEight(float* scales, float* turned) => Interleave.Transpose(
        Vector256.Load(scales), Vector256.Load(scales + Scales), Vector256.Load(scales + 2 * Scales), Vector256.Load(scales + 3 * Scales),
        Vector256.Load(scales + 4 * Scales), Vector256.Load(scales + 5 * Scales), Vector256.Load(scales + 6 * Scales), Vector256.Load(scales + 7 * Scales), turned, Rows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> weights, Vector256<sbyte> activations) => TByteDot.Add(sum, weights, activations);
}
