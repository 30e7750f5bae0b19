using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

/// <summary>The scales of a Q6_K block's sixteen groups.</summary>
internal static unsafe class Q6KScales
{
    /// <summary>The weights' scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Read(byte* block, out Vector256<float> first, out Vector256<float> last)
    {
        Vector256<float> scale = X86.Avx2.BroadcastScalarToVector256(HalfFloat.ToSingle(Vector128.CreateScalar((int)Unsafe.ReadUnaligned<ushort>(block + Q6KDot.SuperScale))));
        first = scale * Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32((sbyte*)block + Q6KDot.Scales));
        last = scale * Vector256.ConvertToSingle(X86.Avx2.ConvertToVector256Int32((sbyte*)block + Q6KDot.Scales + 8));
    }

    /// <summary>Times the activations' scales, each of which serves two groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(byte* activationScales, ref Vector256<float> first, ref Vector256<float> last)
    {
        Vector256<float> scale = Vector256.Load((float*)activationScales);
        first *= X86.Avx2.PermuteVar8x32(scale, Vector256.Create(0, 0, 1, 1, 2, 2, 3, 3));
        last *= X86.Avx2.PermuteVar8x32(scale, Vector256.Create(4, 4, 5, 5, 6, 6, 7, 7));
    }

    /// <summary>As <see cref="Apply"/>, to memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> first, Vector256<float> last, byte* activationScales, float* scales)
    {
        Apply(activationScales, ref first, ref last);
        first.Store(scales);
        last.Store(scales + 8);
    }

    /// <summary>Asks for what is read next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead(byte* block)
    {
        Sse.Prefetch0(block + Prefetch.Distance);
        Sse.Prefetch0(block + Prefetch.Distance + 64);
        Sse.Prefetch0(block + Prefetch.Distance + 128);
        Sse.Prefetch0(block + Prefetch.Distance + 192);
    }
}
