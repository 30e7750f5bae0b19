using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Tiles.Simd;

namespace Tessera.Kernels.Cpu.Linear.Transposed;

/// <summary>A word holds eight columns of one row, the first in the lowest nibble.</summary>
internal readonly unsafe struct Gptq4 : ITransposedWeight
{
    // Lines that are asked for ahead of those that are read, in the second-level cache: lines of many models fall on the same few sets of the first.
    private const int Ahead = 8;

    public static string InstructionSet => Simd256.Name;

    public static int Run => 8;

    public static int BlockUnit => Run;

    public static int EightBytes => 32;

    public static int Lines => 4;

    public static bool IsInOrder => true;

    public static int LineRows => 16;

    public static int NativeBlockRows => 1024;

    // Of each eight columns the even ones, then the odd ones: the low nibbles of a word's bytes, then the high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Order(Vector256<sbyte> quants) =>
        Avx2.Shuffle(quants, Vector256.Create(Vector128.Create(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, (sbyte)15)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Dot(byte* data, nint stride, int rows, sbyte* quants, in TransposedGroup group, short* held)
    {
        Vector256<sbyte> e0 = Four(quants), o0 = Four(quants + 4), e1 = Four(quants + 8), o1 = Four(quants + 12);
        Vector256<sbyte> e2 = Four(quants + 16), o2 = Four(quants + 20), e3 = Four(quants + 24), o3 = Four(quants + 28);
        byte* line0 = data, line1 = line0 + stride, line2 = line1 + stride, line3 = line2 + stride;
        nint ahead = Ahead * stride;
        TransposedGroup<Simd256, Vector256<int>, Vector256<float>> sums = new(group);
        for (int row = 0; row < rows; row += 8, line0 += 32, line1 += 32, line2 += 32, line3 += 32)
        {
            Sse.Prefetch1(line0 + ahead);
            Sse.Prefetch1(line1 + ahead);
            Sse.Prefetch1(line2 + ahead);
            Sse.Prefetch1(line3 + ahead);
            // 32 products of up to 15 · 127 in pairs: 16 bits hold the sum of eight.
            sums.Add(row, (Eight(line0, e0, o0) + Eight(line1, e1, o1) + (Eight(line2, e2, o2) + Eight(line3, e3, o3))).AsInt32());
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Zeros(int word) =>
        Avx2.ShiftRightLogicalVariable(Vector256.Create(word), Vector256.Create(0u, 4, 8, 12, 16, 20, 24, 28)) & Vector256.Create(15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Factors(byte* stored, ScaleType type, byte* zeros, int zeroOffset, int rows, float* scales, float* minimums)
    {
        Vector256<uint> eight = Vector256.Create(0u, 4, 8, 12, 16, 20, 24, 28);
        Vector512<uint> shifts = Vector512.Create(eight, eight);
        Vector512<int> mask = Vector512.Create(15), offset = Vector512.Create(zeroOffset);
        int row = 0;
        for (; row <= rows - 16; row += 16, zeros += 8)
        {
            Vector512<float> scale = StoredScale.Sixteen(stored, row, type);
            Vector512<int> words = Vector512.Create(Vector256.Create(Unsafe.ReadUnaligned<int>(zeros)), Vector256.Create(Unsafe.ReadUnaligned<int>(zeros + 4)));
            scale.Store(scales + row);
            (-(scale * Vector512.ConvertToSingle((Avx512F.ShiftRightLogicalVariable(words, shifts) & mask) + offset))).Store(minimums + row);
        }
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> rows, float* floats, int row) => rows.Store(floats + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* floats, int row) => Vector256.Load(floats + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Eight(byte* words, Vector256<sbyte> even, Vector256<sbyte> odd)
    {
        Vector256<byte> packed = Vector256.Load(words), mask = Vector256.Create((byte)15);
        return Avx2.MultiplyAddAdjacent(packed & mask, even) + Avx2.MultiplyAddAdjacent((packed.AsUInt16() >> 4).AsByte() & mask, odd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Four(sbyte* quants) => Vector256.Create(*(int*)quants).AsSByte();
}
