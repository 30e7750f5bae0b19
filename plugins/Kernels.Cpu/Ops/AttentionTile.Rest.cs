using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tessera.Kernels.Cpu.Ops;

internal static unsafe partial class AttentionTile
{
    // What is left of a head behind its blocks of 64, several sums side by side: one alone would wait for itself at every entry.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AccumulateRest(float* weights, float* values, int first, int end, float* output, int count, int stride)
    {
        int i = 0;
        for (; i <= count - 32; i += 32)
        {
            float* y = output + i, v = values + i + (long)first * stride;
            Vector256<float> a = Vector256.Load(y), b = Vector256.Load(y + 8), c = Vector256.Load(y + 16), d = Vector256.Load(y + 24);
            for (int t = first; t < end; t++, v += stride)
            {
                Vector256<float> w = Vector256.Create(weights[t]);
                a = Vector256.FusedMultiplyAdd(w, Vector256.Load(v), a);
                b = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 8), b);
                c = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 16), c);
                d = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 24), d);
            }
            a.Store(y);
            b.Store(y + 8);
            c.Store(y + 16);
            d.Store(y + 24);
        }
        if (i <= count - 16)
        {
            float* y = output + i, v = values + i + (long)first * stride;
            Vector256<float> a = Vector256.Load(y), b = Vector256.Load(y + 8);
            for (int t = first; t < end; t++, v += stride)
            {
                Vector256<float> w = Vector256.Create(weights[t]);
                a = Vector256.FusedMultiplyAdd(w, Vector256.Load(v), a);
                b = Vector256.FusedMultiplyAdd(w, Vector256.Load(v + 8), b);
            }
            a.Store(y);
            b.Store(y + 8);
            i += 16;
        }
        if (i < count)
        {
            float* y = output + i, v = values + i + (long)first * stride;
            Vector256<float> a = Vector256.Load(y);
            for (int t = first; t < end; t++, v += stride)
                a = Vector256.FusedMultiplyAdd(Vector256.Create(weights[t]), Vector256.Load(v), a);
            a.Store(y);
        }
    }
}
