using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Linear.Grouped;

/// <summary>Two or three bits where four groups lie in 64 bytes: eight groups from two reads, turned by permutations of both; a vector holds two fours of each group's elements. Needs AVX-512 VBMI.</summary>
internal static unsafe class PermutedGroups
{
    private const int Four = 32, Two = 2 * Four, Step = 4 * Two, Ahead = 8192, Line = 64;

    /// <summary>Adds the products of a row's groups to lanes; the arguments are those of <see cref="TurnedGroups.Eights"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Eights<THigh>(byte* weights, in GroupPlaces places, int groups, byte* turned, float* steps, float* sums, float* lanes)
        where THigh : struct, IHighBits
    {
        nint half = 4 * places.Bytes, step = 2 * half;
        Vector512<byte> lowPlaces = places.Low, highPlaces = places.High, scalePlaces = places.Scale;
        // The elements' bits come to bit 2.
        Vector256<byte> four = Vector256.Create(0x2322212003020100UL).AsByte() - Vector256.Create((byte)2);
        Vector512<byte> begin0 = Vector512.Create(four, four + Vector256.Create((byte)4)), begin1 = begin0 + Vector512.Create((byte)8), begin2 = begin0 + Vector512.Create((byte)16), begin3 = begin0 + Vector512.Create((byte)24);
        Vector512<byte> pair = Vector512.Create((byte)3), bit = Vector512.Create((byte)4);
        Vector256<float> sum = Vector256.Load(lanes), zero = Vector256.Create(places.Zero);
        for (nint group = 0; group < groups; group += GroupSum.Lanes, weights += step, turned += Step)
        {
            Sse.Prefetch0(weights + Ahead);
            Sse.Prefetch0(weights + Ahead + Line);
            Vector512<byte> first = Vector512.Load(weights), second = Vector512.Load(weights + half);
            Vector512<uint> low = Avx512Vbmi.PermuteVar64x8x2(first, lowPlaces, second).AsUInt32();
            Vector512<byte> v0 = low.AsByte() & pair, v1 = (low >> 2).AsByte() & pair, v2 = (low >> 4).AsByte() & pair, v3 = (low >> 6).AsByte() & pair;
            if (THigh.Bits > 0)
            {
                Vector512<ulong> numbers = Avx512Vbmi.PermuteVar64x8x2(first, highPlaces, second).AsUInt64();
                v0 |= Avx512Vbmi.MultiShift(begin0, numbers) & bit;
                v1 |= Avx512Vbmi.MultiShift(begin1, numbers) & bit;
                v2 |= Avx512Vbmi.MultiShift(begin2, numbers) & bit;
                v3 |= Avx512Vbmi.MultiShift(begin3, numbers) & bit;
            }
            Vector512<short> products = Product(v0, turned) + Product(v1, turned + Two) + (Product(v2, turned + (2 * Two)) + Product(v3, turned + (3 * Two)));
            Vector256<int> dots = Avx2.MultiplyAddAdjacent(products.GetLower() + products.GetUpper(), Vector256.Create((short)1));
            Vector256<float> scales = Halves.WidenPlaced(Avx512Vbmi.PermuteVar64x8x2(first, scalePlaces, second).GetLower().AsInt32());
            sum = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(dots), scales * Vector256.Load(steps + group), sum);
            sum = Vector256.FusedMultiplyAdd(-(scales * zero), Vector256.Load(sums + group), sum);
        }
        sum.Store(lanes);
    }

    // Four of up to 7, twice, fit 16 bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Product(Vector512<byte> values, byte* turned) => Avx512BW.MultiplyAddAdjacent(values, Vector512.Load((sbyte*)turned));
}
