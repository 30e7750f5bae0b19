using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.Turned;

/// <summary>Rows of four-byte elements to columns.</summary>
internal static unsafe class Turn
{
    /// <summary>Eight rows of eight elements: the first vector gets the first element of each, and so on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(
        byte* rows,
        nint stride,
        out Vector256<byte> w0,
        out Vector256<byte> w1,
        out Vector256<byte> w2,
        out Vector256<byte> w3,
        out Vector256<byte> w4,
        out Vector256<byte> w5,
        out Vector256<byte> w6,
        out Vector256<byte> w7)
        =>
        Eight(
            Load(rows), Load(rows + stride), Load(rows + 2 * stride), Load(rows + 3 * stride), Load(rows + 4 * stride), Load(rows + 5 * stride), Load(rows + 6 * stride), Load(rows + 7 * stride),
            out w0, out w1, out w2, out w3, out w4, out w5, out w6, out w7);

    /// <summary>The same of rows in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(
        Vector256<int> a,
        Vector256<int> b,
        Vector256<int> c,
        Vector256<int> d,
        Vector256<int> e,
        Vector256<int> f,
        Vector256<int> g,
        Vector256<int> h,
        out Vector256<byte> w0,
        out Vector256<byte> w1,
        out Vector256<byte> w2,
        out Vector256<byte> w3,
        out Vector256<byte> w4,
        out Vector256<byte> w5,
        out Vector256<byte> w6,
        out Vector256<byte> w7)
    {
        Vector256<long> ab = Avx2.UnpackLow(a, b).AsInt64(), ab2 = Avx2.UnpackHigh(a, b).AsInt64(), cd = Avx2.UnpackLow(c, d).AsInt64(), cd2 = Avx2.UnpackHigh(c, d).AsInt64();
        Vector256<long> p0 = Avx2.UnpackLow(ab, cd), p1 = Avx2.UnpackHigh(ab, cd), p2 = Avx2.UnpackLow(ab2, cd2), p3 = Avx2.UnpackHigh(ab2, cd2);
        Vector256<long> ef = Avx2.UnpackLow(e, f).AsInt64(), ef2 = Avx2.UnpackHigh(e, f).AsInt64(), gh = Avx2.UnpackLow(g, h).AsInt64(), gh2 = Avx2.UnpackHigh(g, h).AsInt64();
        Vector256<long> q0 = Avx2.UnpackLow(ef, gh), q1 = Avx2.UnpackHigh(ef, gh), q2 = Avx2.UnpackLow(ef2, gh2), q3 = Avx2.UnpackHigh(ef2, gh2);
        w0 = Avx2.Permute2x128(p0, q0, 0x20).AsByte();
        w1 = Avx2.Permute2x128(p1, q1, 0x20).AsByte();
        w2 = Avx2.Permute2x128(p2, q2, 0x20).AsByte();
        w3 = Avx2.Permute2x128(p3, q3, 0x20).AsByte();
        w4 = Avx2.Permute2x128(p0, q0, 0x31).AsByte();
        w5 = Avx2.Permute2x128(p1, q1, 0x31).AsByte();
        w6 = Avx2.Permute2x128(p2, q2, 0x31).AsByte();
        w7 = Avx2.Permute2x128(p3, q3, 0x31).AsByte();
    }

    /// <summary>Eight rows of four elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Four(byte* rows, nint stride, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3)
    {
        Vector256<int> a = Two(rows, stride), b = Two(rows + stride, stride), c = Two(rows + 2 * stride, stride), d = Two(rows + 3 * stride, stride);
        Vector256<long> ab = Avx2.UnpackLow(a, b).AsInt64(), ab2 = Avx2.UnpackHigh(a, b).AsInt64(), cd = Avx2.UnpackLow(c, d).AsInt64(), cd2 = Avx2.UnpackHigh(c, d).AsInt64();
        w0 = Avx2.UnpackLow(ab, cd).AsByte();
        w1 = Avx2.UnpackHigh(ab, cd).AsByte();
        w2 = Avx2.UnpackLow(ab2, cd2).AsByte();
        w3 = Avx2.UnpackHigh(ab2, cd2).AsByte();
    }

    /// <summary>The first four bytes of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> One(byte* rows, nint stride)
    {
        byte* half = rows + 4 * stride;
        return Vector256.Create(
            *(int*)rows, *(int*)(rows + stride), *(int*)(rows + 2 * stride), *(int*)(rows + 3 * stride), *(int*)half, *(int*)(half + stride), *(int*)(half + 2 * stride), *(int*)(half + 3 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Load(byte* row) => Vector256.Load((int*)row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Two(byte* row, nint stride) => Vector256.Create(Vector128.Load((int*)row), Vector128.Load((int*)(row + 4 * stride)));
}
