using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>Rows of super-blocks with one activation row, four blocks at a time, whose scales are converted together.</summary>
internal static unsafe class SuperDot
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows<TDot>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TDot : struct, ISuperBlockDot
    {
        const int Columns = Int8SuperActivation.Block;
        int blocks = columns / Columns;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activation;
            short* sums16 = (short*)(activation + Int8SuperActivation.Sum16Offset(columns)), sums32 = (short*)(activation + Int8SuperActivation.Sum32Offset(columns));
            float* steps = (float*)(activation + Int8SuperActivation.ScaleOffset(columns));
            Vector128<float> lanes = default;
            for (int i = 0; i < blocks; i += SuperSum.Lanes, block += SuperSum.Lanes * TDot.Bytes, q += SuperSum.Lanes * Columns, sums16 += SuperSum.Lanes * 16, sums32 += SuperSum.Lanes * 8, steps += SuperSum.Lanes)
            {
                // Blocks that are not there leave their lanes as they are: their scales are zero.
                Vector128<int> b = default, c = default, d = default, bo = default, co = default, od = default;
                int halfB = 0, halfC = 0, halfD = 0, left = blocks - i;
                Vector128<int> a = Dot<TDot>(block, q, sums16, sums32, out Vector128<int> ao, out int halfA);
                if (left > 1)
                    b = Dot<TDot>(block + TDot.Bytes, q + Columns, sums16 + 16, sums32 + 8, out bo, out halfB);
                if (left > 2)
                    c = Dot<TDot>(block + 2 * TDot.Bytes, q + 2 * Columns, sums16 + 32, sums32 + 16, out co, out halfC);
                if (left > 3)
                    d = Dot<TDot>(block + 3 * TDot.Bytes, q + 3 * Columns, sums16 + 48, sums32 + 24, out od, out halfD);
                Vector128<int> halves = Vector128.Create(halfA, halfB, halfC, halfD);
                Vector128<float> step = Vector128.Load(steps);
                Vector128<float> scale = HalfFloat.ToSingle(TDot.HasMinimums ? halves : halves >>> 16) * step;
                lanes = Fma.MultiplyAdd(Vector128.ConvertToSingle(SuperSum.Of(a, b, c, d)), scale, lanes);
                if (TDot.HasMinimums)
                    lanes = Fma.MultiplyAddNegated(Vector128.ConvertToSingle(SuperSum.Of(ao, bo, co, od)), HalfFloat.ToSingle(halves >>> 16) * step, lanes);
            }
            output[row] = SuperSum.Of(lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Dot<TDot>(byte* block, sbyte* q, short* sums16, short* sums32, out Vector128<int> offsets, out int halves)
        where TDot : struct, ISuperBlockDot
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
        if (TDot.Bytes > 192)
            Sse.Prefetch0(block + Prefetch.Distance + 192);
        // A scale without minimums stands at the block's end: the four bytes that are read end with it.
        halves = Unsafe.ReadUnaligned<int>(block + TDot.Scale - (TDot.HasMinimums ? 0 : 2));
        return TDot.Dot(block, q, sums16, sums32, out offsets);
    }
}
