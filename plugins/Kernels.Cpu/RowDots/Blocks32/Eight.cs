using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Turned;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>Eight blocks of 32 bytes, turned: the first vector holds the first four bytes of each block, and so on.</summary>
internal readonly unsafe struct Eight(Vector256<byte> a, Vector256<byte> b, Vector256<byte> c, Vector256<byte> d, Vector256<byte> e, Vector256<byte> f, Vector256<byte> g, Vector256<byte> h)
{
    public readonly Vector256<byte> A = a, B = b, C = c, D = d, E = e, F = f, G = g, H = h;

    /// <summary>Of blocks that follow each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Eight Turned(byte* blocks) =>
        Turned(Vector256.Load(blocks), Vector256.Load(blocks + 32), Vector256.Load(blocks + 64), Vector256.Load(blocks + 96), Vector256.Load(blocks + 128), Vector256.Load(blocks + 160), Vector256.Load(blocks + 192), Vector256.Load(blocks + 224));

    /// <summary>Of blocks, one in each vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Eight Turned(Vector256<byte> a, Vector256<byte> b, Vector256<byte> c, Vector256<byte> d, Vector256<byte> e, Vector256<byte> f, Vector256<byte> g, Vector256<byte> h)
    {
        Turn.Eight(
            a.AsInt32(), b.AsInt32(), c.AsInt32(), d.AsInt32(), e.AsInt32(), f.AsInt32(), g.AsInt32(), h.AsInt32(),
            out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7);
        return new Eight(w0, w1, w2, w3, w4, w5, w6, w7);
    }

    /// <summary>Writes those of blocks that follow each other, one vector after the other: without this type between, which the compiler would keep in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Place(byte* blocks, byte* to)
    {
        Turn.Eight(
            Vector256.Load((int*)blocks), Vector256.Load((int*)blocks + 8), Vector256.Load((int*)blocks + 16), Vector256.Load((int*)blocks + 24), Vector256.Load((int*)blocks + 32), Vector256.Load((int*)blocks + 40), Vector256.Load((int*)blocks + 48), Vector256.Load((int*)blocks + 56),
            out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3, out Vector256<byte> w4, out Vector256<byte> w5, out Vector256<byte> w6, out Vector256<byte> w7);
        w0.Store(to);
        w1.Store(to + 32);
        w2.Store(to + 64);
        w3.Store(to + 96);
        w4.Store(to + 128);
        w5.Store(to + 160);
        w6.Store(to + 192);
        w7.Store(to + 224);
    }

    /// <summary>Writes the vectors one after the other.</summary>
    public void Store(byte* to)
    {
        A.Store(to);
        B.Store(to + 32);
        C.Store(to + 64);
        D.Store(to + 96);
        E.Store(to + 128);
        F.Store(to + 160);
        G.Store(to + 192);
        H.Store(to + 224);
    }
}
