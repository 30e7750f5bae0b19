using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Tiles.Simd;

/// <summary>8 lanes: AVX2 and FMA.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<int>, Vector256<float>>
{
    public static string Name => "avx2";

    public static int Width => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(byte* address) => Vector256.Load((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(byte* address) => Vector256.Create(*(int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ByteDot(Vector256<int> unsigned, Vector256<int> signed) => X86.Avx2.MultiplyAddAdjacent(unsigned.AsByte(), signed.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShortDot(Vector256<int> a, Vector256<int> b) => X86.Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddShorts(Vector256<int> a, Vector256<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftLeft(Vector256<int> a, int bits) => a << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> BroadcastPair(sbyte* address) => X86.Avx2.BroadcastScalarToVector256((short*)address).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowNibbles(Vector256<int> a) => a & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighNibbles(Vector256<int> a) => (a.AsUInt16() >> 4).AsInt32() & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackLowBytes(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackLow(a.AsByte(), b.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackHighBytes(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackHigh(a.AsByte(), b.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackLowShorts(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackLow(a.AsInt16(), b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackHighShorts(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackHigh(a.AsInt16(), b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackLowInts(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackHighInts(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackLowLongs(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> UnpackHighLongs(Vector256<int> a, Vector256<int> b) => X86.Avx2.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TurnBytes(Vector256<int> a) => X86.Avx2.Shuffle(a.AsByte(), Vector256.Create(Vector128.Create((byte)0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15))).AsInt32();

    // The high nibbles of the first change places with the low ones of the second.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void JoinNibbles(ref Vector256<int> a, ref Vector256<int> b)
    {
        Vector256<int> differing = (a >>> 4 ^ b) & Vector256.Create(0x0F0F0F0F);
        a ^= differing << 4;
        b ^= differing;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> AddPairs(Vector256<int> a) => X86.Avx2.MultiplyAddAdjacent(a.AsInt16(), Vector256.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<int> a, byte* address) => a.Store((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytes(sbyte* address) => X86.Avx2.ConvertToVector256Int32(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AsFloat(Vector256<int> a) => a.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloat(Vector256<int> a) => Vector256.ConvertToSingle(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* address) => Vector256.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* address) => Vector256.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Fma.MultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplySubtract(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Fma.MultiplyAddNegated(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> a, float* address) => a.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Larger(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Exp(Vector256<float> a) => FastExp.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Within(Vector256<int> from, Vector256<int> end, int number)
    {
        Vector256<int> all = Vector256.Create(number);
        return Vector256.GreaterThanOrEqual(all, from) & Vector256.LessThan(all, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Select(Vector256<int> mask, Vector256<float> a, Vector256<float> b) => Vector256.ConditionalSelect(mask.AsSingle(), a, b);
}
