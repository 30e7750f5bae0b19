using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Eight groups at a time, read one by one and turned by unpacking. Needs AVX2.</summary>
internal static unsafe class TurnedGroups
{
    private const int Ahead = 8192, Line = 64;

    /// <summary>Adds the products of a row's groups to lanes.</summary>
    /// <param name="weights">The row.</param>
    /// <param name="places">What is read of a group.</param>
    /// <param name="groups">A multiple of 8.</param>
    /// <param name="turned">The activations' bytes, turned, <see cref="GroupedRows.StepBytes"/> for each eight groups.</param>
    /// <param name="steps">Their scales.</param>
    /// <param name="sums">Their scaled sums.</param>
    /// <param name="lanes">Eight.</param>
    /// <remarks>One row and nothing beside it, so that all of the loop stays in registers.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Eights<TBits, THigh>(byte* weights, in GroupPlaces places, int groups, byte* turned, float* steps, float* sums, float* lanes)
        where TBits : struct, IGroupBits
        where THigh : struct, IHighBits
    {
        nint bytes = places.Bytes, step = GroupSum.Lanes * bytes;
        byte* head = weights + places.HeadAt, low = weights + places.LowAt;
        Vector256<byte> order = Vector256.Create(places.Head, places.Head);
        Vector256<float> sum = Vector256.Load(lanes), negatedZero = Vector256.Create(-places.Zero);
        for (nint group = 0; group < groups; group += GroupSum.Lanes, head += step, low += step, turned += GroupedRows.StepBytes(THigh.Bits))
        {
            Sse.Prefetch0(head + Ahead);
            Sse.Prefetch0(head + Ahead + Line);
            for (nint line = 2 * Line; line < step; line += Line)
                Sse.Prefetch0(head + Ahead + line);
            Vector256<uint> h0 = Heads(head, bytes, order), h1 = Heads(head + bytes, bytes, order), h2 = Heads(head + (2 * bytes), bytes, order), h3 = Heads(head + (3 * bytes), bytes, order);
            Vector256<ulong> upper01 = Avx2.UnpackHigh(h0, h1).AsUInt64(), upper23 = Avx2.UnpackHigh(h2, h3).AsUInt64();
            Vector256<float> scales = Halves.WidenPlaced(Avx2.UnpackHigh(upper01, upper23).AsInt32());
            FourLow bits = TBits.Low == 2 ? Pairs(h0, h1, h2, h3) : Nibbles(low, bytes);
            Vector256<int> dots = TBits.Products(bits, Avx2.UnpackLow(upper01, upper23).AsUInt32(), (sbyte*)turned);
            sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dots), scales * Vector256.Load(steps + group), sum);
            sum = Vector256.FusedMultiplyAdd(scales * negatedZero, Vector256.Load(sums + group), sum);
        }
        sum.Store(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Heads(byte* head, nint bytes, Vector256<byte> order) => Avx2.Shuffle(Two(head, bytes), order).AsUInt32();

    // Eight bytes stand in the first half of each group's sixteen.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FourLow Pairs(Vector256<uint> h0, Vector256<uint> h1, Vector256<uint> h2, Vector256<uint> h3)
    {
        Vector256<ulong> low01 = Avx2.UnpackLow(h0, h1).AsUInt64(), low23 = Avx2.UnpackLow(h2, h3).AsUInt64();
        return new(Avx2.UnpackLow(low01, low23).AsUInt32(), Avx2.UnpackHigh(low01, low23).AsUInt32(), default, default);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FourLow Nibbles(byte* low, nint bytes)
    {
        Vector256<uint> l0 = Two(low, bytes).AsUInt32(), l1 = Two(low + bytes, bytes).AsUInt32(), l2 = Two(low + 2 * bytes, bytes).AsUInt32(), l3 = Two(low + 3 * bytes, bytes).AsUInt32();
        Vector256<ulong> ab01 = Avx2.UnpackLow(l0, l1).AsUInt64(), ab23 = Avx2.UnpackLow(l2, l3).AsUInt64(), cd01 = Avx2.UnpackHigh(l0, l1).AsUInt64(), cd23 = Avx2.UnpackHigh(l2, l3).AsUInt64();
        return new(Avx2.UnpackLow(ab01, ab23).AsUInt32(), Avx2.UnpackHigh(ab01, ab23).AsUInt32(), Avx2.UnpackLow(cd01, cd23).AsUInt32(), Avx2.UnpackHigh(cd01, cd23).AsUInt32());
    }

    /// <summary>Sixteen bytes of a group and of the fourth after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Two(byte* first, nint bytes) => Vector256.Create(Vector128.Load(first), Vector128.Load(first + 4 * bytes));
}
