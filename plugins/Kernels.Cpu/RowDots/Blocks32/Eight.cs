using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

/// <summary>Eight blocks of 32 bytes, turned: the first vector holds the first four bytes of each block, and so on.</summary>
internal readonly unsafe struct Eight(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<int> e, Vector256<int> f, Vector256<int> g, Vector256<int> h)
{
    public readonly Vector256<byte> A = a.AsByte(), B = b.AsByte(), C = c.AsByte(), D = d.AsByte(), E = e.AsByte(), F = f.AsByte(), G = g.AsByte(), H = h.AsByte();

    /// <summary>Of blocks that follow each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Eight Turned(byte* blocks) =>
        Turned(Vector256.Load(blocks), Vector256.Load(blocks + 32), Vector256.Load(blocks + 64), Vector256.Load(blocks + 96), Vector256.Load(blocks + 128), Vector256.Load(blocks + 160), Vector256.Load(blocks + 192), Vector256.Load(blocks + 224));

    /// <summary>Of blocks, one in each vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Eight Turned(Vector256<byte> a, Vector256<byte> b, Vector256<byte> c, Vector256<byte> d, Vector256<byte> e, Vector256<byte> f, Vector256<byte> g, Vector256<byte> h)
    {
        Vector256<long> ab = Low(a, b), ab2 = High(a, b), cd = Low(c, d), cd2 = High(c, d), ef = Low(e, f), ef2 = High(e, f), gh = Low(g, h), gh2 = High(g, h);
        Vector256<long> p0 = Avx2.UnpackLow(ab, cd), p1 = Avx2.UnpackHigh(ab, cd), p2 = Avx2.UnpackLow(ab2, cd2), p3 = Avx2.UnpackHigh(ab2, cd2);
        Vector256<long> q0 = Avx2.UnpackLow(ef, gh), q1 = Avx2.UnpackHigh(ef, gh), q2 = Avx2.UnpackLow(ef2, gh2), q3 = Avx2.UnpackHigh(ef2, gh2);
        return new Eight(First(p0, q0), First(p1, q1), First(p2, q2), First(p3, q3), Second(p0, q0), Second(p1, q1), Second(p2, q2), Second(p3, q3));
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Low(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a.AsInt32(), b.AsInt32()).AsInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> High(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackHigh(a.AsInt32(), b.AsInt32()).AsInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> First(Vector256<long> low, Vector256<long> high) => Avx2.Permute2x128(low, high, 0x20).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Second(Vector256<long> low, Vector256<long> high) => Avx2.Permute2x128(low, high, 0x31).AsInt32();
}
