using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;

namespace Tessera.Kernels.Cpu.Tiles.Simd;

/// <summary>16 lanes: AVX-512 F and BW.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<int>, Vector512<float>>
{
    // A matrix of bits whose product is the high four of a byte.
    private const ulong ShiftDown = 0x1020408000000000;

    public static string Name => "avx512";

    public static int Width => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(byte* address) => Vector512.Load((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(byte* address) => Vector512.Create(*(int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ByteDot(Vector512<int> unsigned, Vector512<int> signed) => Avx512BW.MultiplyAddAdjacent(unsigned.AsByte(), signed.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShortDot(Vector512<int> a, Vector512<int> b) => Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddShorts(Vector512<int> a, Vector512<int> b) => (a.AsInt16() + b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftLeft(Vector512<int> a, int bits) => a << bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> BroadcastPair(sbyte* address) => Vector512.Create(*(short*)address).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LowNibbles(Vector512<int> a) => a & Vector512.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> HighNibbles(Vector512<int> a) =>
        Gfni.V512.IsSupported ? Gfni.V512.GaloisFieldAffineTransform(a.AsByte(), Vector512.Create(ShiftDown).AsByte(), 0).AsInt32() : (a.AsUInt16() >> 4).AsInt32() & Vector512.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLowBytes(Vector512<int> a, Vector512<int> b) => Avx512BW.UnpackLow(a.AsByte(), b.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHighBytes(Vector512<int> a, Vector512<int> b) => Avx512BW.UnpackHigh(a.AsByte(), b.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLowShorts(Vector512<int> a, Vector512<int> b) => Avx512BW.UnpackLow(a.AsInt16(), b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHighShorts(Vector512<int> a, Vector512<int> b) => Avx512BW.UnpackHigh(a.AsInt16(), b.AsInt16()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLowInts(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHighInts(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackLowLongs(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackLow(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> UnpackHighLongs(Vector512<int> a, Vector512<int> b) => Avx512F.UnpackHigh(a.AsInt64(), b.AsInt64()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> TurnBytes(Vector512<int> a)
    {
        // Written out, for the compiler assembles a repeated vector anew each time.
        const int first = 0x0C080400, second = 0x0D090501, third = 0x0E0A0602, fourth = 0x0F0B0703;
        return Avx512BW.Shuffle(a.AsByte(), Vector512.Create(first, second, third, fourth, first, second, third, fourth, first, second, third, fourth, first, second, third, fourth).AsByte()).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void JoinNibbles(ref Vector512<int> a, ref Vector512<int> b)
    {
        Vector512<int> low = Vector512.Create(0x0F0F0F0F);
        (a, b) = (Vector512.ConditionalSelect(low, a, b << 4), Vector512.ConditionalSelect(low, a >>> 4, b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> AddPairs(Vector512<int> a) => Avx512BW.MultiplyAddAdjacent(a.AsInt16(), Vector512.Create((short)1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<int> a, byte* address) => a.Store((int*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadBytes(sbyte* address) => Avx512F.ConvertToVector512Int32(Vector128.Load(address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AsFloat(Vector512<int> a) => a.AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloat(Vector512<int> a) => Vector512.ConvertToSingle(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* address) => Vector512.Load(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* address) => Vector512.Create(*address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Avx512F.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplySubtract(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Avx512F.FusedMultiplyAddNegated(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> a, float* address) => a.Store(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Larger(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> a) => FastExp.Exp(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Within(Vector512<int> from, Vector512<int> end, int number)
    {
        Vector512<int> all = Vector512.Create(number);
        return Vector512.GreaterThanOrEqual(all, from) & Vector512.LessThan(all, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Select(Vector512<int> mask, Vector512<float> a, Vector512<float> b) => Vector512.ConditionalSelect(mask.AsSingle(), a, b);
}
