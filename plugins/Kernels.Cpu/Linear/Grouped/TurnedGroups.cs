using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Eight groups at a time, read one by one and turned by unpacking. Needs AVX2.</summary>
internal static unsafe class TurnedGroups
{
    private const int Step = GroupSum.Lanes * GroupLayout.Elements, Ahead = 8192, Line = 64;

    /// <summary>Adds the products of a row's groups to lanes.</summary>
    /// <param name="weights">The row.</param>
    /// <param name="places">What is read of a group.</param>
    /// <param name="groups">A multiple of 8.</param>
    /// <param name="turned">The activations' bytes, turned.</param>
    /// <param name="steps">Their scales.</param>
    /// <param name="sums">Their scaled sums.</param>
    /// <param name="lanes">Eight.</param>
    /// <remarks>One row and nothing beside it, so that all of the loop stays in registers.</remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Eights<TLow, THigh>(byte* weights, in GroupPlaces places, int groups, byte* turned, float* steps, float* sums, float* lanes)
        where TLow : struct, ILowBits
        where THigh : struct, IHighBits
    {
        nint bytes = places.Bytes, step = GroupSum.Lanes * bytes;
        byte* head = weights + places.HeadAt, low = weights + places.LowAt;
        Vector256<byte> order = Vector256.Create(places.Head, places.Head);
        Vector256<float> sum = Vector256.Load(lanes), zero = Vector256.Create(places.Zero);
        for (nint group = 0; group < groups; group += GroupSum.Lanes, head += step, low += step, turned += Step)
        {
            for (nint line = 0; line < step; line += Line)
                Sse.Prefetch0(head + Ahead + line);
            Vector256<uint> h0 = Heads(head, bytes, order), h1 = Heads(head + bytes, bytes, order), h2 = Heads(head + (2 * bytes), bytes, order), h3 = Heads(head + (3 * bytes), bytes, order);
            Vector256<ulong> upper01 = Avx2.UnpackHigh(h0, h1).AsUInt64(), upper23 = Avx2.UnpackHigh(h2, h3).AsUInt64();
            Vector256<byte> numbers = Avx2.UnpackLow(upper01, upper23).AsByte();
            Vector256<float> scales = Halves.WidenPlaced(Avx2.UnpackHigh(upper01, upper23).AsInt32());
            Vector256<int> dots = TLow.Bits == 2 ? Pairs.Products<THigh>(h0, h1, h2, h3, numbers, turned) : Nibbles.Products<THigh>(low, bytes, numbers, turned);
            sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dots), scales * Vector256.Load(steps + group), sum);
            sum = Vector256.FusedMultiplyAdd(-(scales * zero), Vector256.Load(sums + group), sum);
        }
        sum.Store(lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Heads(byte* head, nint bytes, Vector256<byte> order) => Avx2.Shuffle(LowBits.Two(head, bytes), order).AsUInt32();
}
