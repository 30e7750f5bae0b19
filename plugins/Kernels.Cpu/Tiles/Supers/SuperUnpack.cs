using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.Tiles.Supers;

/// <summary>Super-blocks to what <see cref="SuperWeights"/> holds of a row.</summary>
internal static unsafe class SuperUnpack
{
    /// <summary>Writes one row of a block.</summary>
    /// <param name="block">The file's bytes.</param>
    /// <param name="q">256 unsigned values.</param>
    /// <param name="scales">32 shorts: each scale twice.</param>
    /// <param name="offsets">Up to 16 shorts.</param>
    /// <param name="step">What the scales are multiples of.</param>
    /// <param name="minimumStep">What the minimums are multiples of; 0 where there are none.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block<TBlock>(byte* block, byte* q, byte* scales, byte* offsets, out float step, out float minimumStep)
        where TBlock : struct, ISuperBlock
    {
        TBlock.Groups(block, out Vector128<sbyte> groupScales, out Vector128<byte> minimums);
        Vector256<short> scale = X86.Avx2.ConvertToVector256Int16(groupScales);
        if (TBlock.Group == 32)
        {
            Twice(scale.GetLower()).Store((uint*)scales);
            Sse41.ConvertToVector128Int16(minimums).Store((short*)offsets);
        }
        else
        {
            (TBlock.HasMinimums ? X86.Avx2.ConvertToVector256Int16(minimums) : -(scale << TBlock.ZeroShift)).Store((short*)offsets);
            Twice(scale.GetLower()).Store((uint*)scales);
            Twice(scale.GetUpper()).Store((uint*)scales + 8);
        }
        Half<TBlock>(block, 0, q);
        Half<TBlock>(block, 1, q + 128);
        if (TBlock.HasMinimums)
        {
            int halves = Unsafe.ReadUnaligned<int>(block + TBlock.Scale);
            Vector128<float> both = HalfFloat.ToSingle(Vector128.Create(halves, halves >>> 16, 0, 0));
            step = both.ToScalar();
            minimumStep = both.GetElement(1);
        }
        else
        {
            step = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + TBlock.Scale));
            minimumStep = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Half<TBlock>(byte* block, int half, byte* q)
        where TBlock : struct, ISuperBlock
    {
        TBlock.Weights(block, half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3);
        w0.Store(q);
        w1.Store(q + 32);
        w2.Store(q + 64);
        w3.Store(q + 96);
    }

    /// <summary>Each of eight shorts twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Twice(Vector128<short> scales)
    {
        Vector256<uint> wide = X86.Avx2.ConvertToVector256Int32(scales.AsUInt16()).AsUInt32();
        return wide | wide << 16;
    }
}
