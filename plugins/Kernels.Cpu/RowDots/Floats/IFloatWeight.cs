using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.Ops;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Floats;

/// <summary>Weights that are floats of some width; a type argument, so that the calls vanish.</summary>
internal unsafe interface IFloatWeight
{
    /// <summary>Bytes of a weight.</summary>
    static abstract int Bytes { get; }

    /// <summary>One weight.</summary>
    static abstract float Load1(byte* address);

    /// <summary>Eight weights.</summary>
    static abstract Vector256<float> Load8(byte* address);

    /// <summary>Sixteen weights.</summary>
    static abstract Vector512<float> Load16(byte* address);
}

/// <summary>Floats as they are.</summary>
internal readonly unsafe struct F32Weight : IFloatWeight
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load1(byte* address) => Unsafe.ReadUnaligned<float>(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(byte* address) => Vector256.Load((float*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* address) => Vector512.Load((float*)address);
}

/// <summary>Half-precision floats.</summary>
internal readonly unsafe struct F16Weight : IFloatWeight
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load1(byte* address) => HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(byte* address) => Halves.Widen((ushort*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* address) => Halves.Widen16((ushort*)address);
}

/// <summary>Half-precision floats that are all finite: infinities and NaN become numbers.</summary>
internal readonly unsafe struct FiniteF16 : IFloatWeight
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load1(byte* address) => HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(byte* address) => Halves.WidenFinite((ushort*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* address) => Halves.WidenFinite16((ushort*)address);
}

/// <summary>The upper halves of floats.</summary>
internal readonly unsafe struct BF16Weight : IFloatWeight
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load1(byte* address) => BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(address) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load8(byte* address) => (Avx2.ConvertToVector256Int32(Vector128.Load((ushort*)address)) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* address) => (Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)address)) << 16).AsSingle();
}
