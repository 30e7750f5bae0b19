using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Tessera.Kernels.Cpu.RowDots.Numerics;
using X86 = System.Runtime.Intrinsics.X86;

namespace Tessera.Kernels.Cpu.RowDots.SuperBlocks;

internal static unsafe partial class SuperBlockDot
{
    /// <summary>Vectors from a further row's products to its offsets.</summary>
    public const int MoreOffsets = 4 * SuperSum.Lanes;

    /// <summary>A block's Σ scale · dot, in four parts, for each activation row.</summary>
    /// <param name="block">The weights, unpacked once for all rows.</param>
    /// <param name="q">256 activations of the first row.</param>
    /// <param name="sums16">Their sums of 16.</param>
    /// <param name="sums32">Their sums of 32.</param>
    /// <param name="stride">Bytes from one activation row to the next.</param>
    /// <param name="offsets">The first row's Σ minimum · sum, in four parts.</param>
    /// <param name="more">Where the products of the second to the fifth row go, <see cref="SuperSum.Lanes"/> vectors apart; <see cref="MoreOffsets"/> vectors later their offsets, where there are minimums.</param>
    /// <returns>The first row's, which stay in registers: one row alone is the common case.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Avx2<TBlock, TRows>(byte* block, sbyte* q, short* sums16, short* sums32, nint stride, out Vector128<int> offsets, Vector128<int>* more)
        where TBlock : struct, ISuperBlock
        where TRows : struct, ICount
    {
        TBlock.Groups(block, out Vector128<sbyte> scales, out Vector128<byte> minimums);
        offsets = default;
        if (TBlock.HasMinimums)
        {
            byte* sums = TBlock.Group == 32 ? (byte*)sums32 : (byte*)sums16;
            offsets = Offsets<TBlock>(minimums, sums);
            if (TRows.Count > 1)
                more[MoreOffsets] = Offsets<TBlock>(minimums, sums + stride);
            if (TRows.Count > 2)
                more[MoreOffsets + SuperSum.Lanes] = Offsets<TBlock>(minimums, sums + 2 * stride);
            if (TRows.Count > 3)
                more[MoreOffsets + 2 * SuperSum.Lanes] = Offsets<TBlock>(minimums, sums + 3 * stride);
            if (TRows.Count > 4)
                more[MoreOffsets + 3 * SuperSum.Lanes] = Offsets<TBlock>(minimums, sums + 4 * stride);
        }
        Vector256<byte> spread = default, pick = default;
        if (TBlock.Group == 32)
        {
            // Shorts; byte pairs 0 1, 2 3, … of them.
            Vector128<short> eight = Sse41.ConvertToVector128Int16(scales);
            spread = Vector256.Create(eight, eight).AsByte();
            pick = Vector256.Create((ushort)0x0100).AsByte();
        }
        else
        {
            // Bytes; two of them, each eight times, in the lower half.
            spread = scales.AsByte().ToVector256Unsafe();
            pick = Vector128.Create(0x0000000000000000ul, 0x0101010101010101ul).AsByte().ToVector256Unsafe();
        }
        Vector256<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default, sum4 = default;
        // A loop: twice the text in a row was slower, for all that its shifts were constants.
        for (int half = 0; half < 2; half++, q += 128)
        {
            TBlock.Weights(block, half, out Vector256<byte> w0, out Vector256<byte> w1, out Vector256<byte> w2, out Vector256<byte> w3);
            Add<TBlock, TRows>(w0, q, stride, spread, ref pick, ref sum0, ref sum1, ref sum2, ref sum3, ref sum4);
            Add<TBlock, TRows>(w1, q + 32, stride, spread, ref pick, ref sum0, ref sum1, ref sum2, ref sum3, ref sum4);
            Add<TBlock, TRows>(w2, q + 64, stride, spread, ref pick, ref sum0, ref sum1, ref sum2, ref sum3, ref sum4);
            Add<TBlock, TRows>(w3, q + 96, stride, spread, ref pick, ref sum0, ref sum1, ref sum2, ref sum3, ref sum4);
        }
        if (TRows.Count > 1)
            more[0] = Finish<TBlock>(sum1, scales, (byte*)sums16 + stride);
        if (TRows.Count > 2)
            more[SuperSum.Lanes] = Finish<TBlock>(sum2, scales, (byte*)sums16 + 2 * stride);
        if (TRows.Count > 3)
            more[2 * SuperSum.Lanes] = Finish<TBlock>(sum3, scales, (byte*)sums16 + 3 * stride);
        if (TRows.Count > 4)
            more[3 * SuperSum.Lanes] = Finish<TBlock>(sum4, scales, (byte*)sums16 + 4 * stride);
        return Finish<TBlock>(sum0, scales, (byte*)sums16);
    }

    /// <summary>Adds 32 columns' scale · dot for each activation row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TBlock, TRows>(
        Vector256<byte> weights, sbyte* q, nint stride, Vector256<byte> scales, ref Vector256<byte> pick, ref Vector256<int> sum0, ref Vector256<int> sum1, ref Vector256<int> sum2, ref Vector256<int> sum3, ref Vector256<int> sum4)
        where TBlock : struct, ISuperBlock
        where TRows : struct, ICount
    {
        Vector256<short> scale;
        if (TBlock.Group == 32)
        {
            scale = X86.Avx2.Shuffle(scales, pick).AsInt16();
            pick += Vector256.Create((byte)2);
        }
        else
        {
            scale = X86.Avx2.ConvertToVector256Int16(Ssse3.Shuffle(scales.GetLower(), pick.GetLower()).AsSByte());
            pick = (pick.GetLower() + Vector128.Create((byte)2)).ToVector256Unsafe();
        }
        sum0 += X86.Avx2.MultiplyAddAdjacent(X86.Avx2.MultiplyAddAdjacent(weights, Vector256.Load(q)), scale);
        if (TRows.Count > 1)
            sum1 += X86.Avx2.MultiplyAddAdjacent(X86.Avx2.MultiplyAddAdjacent(weights, Vector256.Load(q + stride)), scale);
        if (TRows.Count > 2)
            sum2 += X86.Avx2.MultiplyAddAdjacent(X86.Avx2.MultiplyAddAdjacent(weights, Vector256.Load(q + 2 * stride)), scale);
        if (TRows.Count > 3)
            sum3 += X86.Avx2.MultiplyAddAdjacent(X86.Avx2.MultiplyAddAdjacent(weights, Vector256.Load(q + 3 * stride)), scale);
        if (TRows.Count > 4)
            sum4 += X86.Avx2.MultiplyAddAdjacent(X86.Avx2.MultiplyAddAdjacent(weights, Vector256.Load(q + 4 * stride)), scale);
    }

    /// <summary>Takes the zero point's share away from all groups together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Finish<TBlock>(Vector256<int> sum, Vector128<sbyte> scales, byte* sums16)
        where TBlock : struct, ISuperBlock
    {
        if (TBlock.ZeroShift > 0)
            sum -= X86.Avx2.MultiplyAddAdjacent(X86.Avx2.ConvertToVector256Int16(scales), Vector256.Load((short*)sums16)) << TBlock.ZeroShift;
        return SuperSum.Fold(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Offsets<TBlock>(Vector128<byte> minimums, byte* sums)
        where TBlock : struct, ISuperBlock =>
        TBlock.Group == 32
            ? Sse2.MultiplyAddAdjacent(Sse41.ConvertToVector128Int16(minimums), Vector128.Load((short*)sums))
            : SuperSum.Fold(X86.Avx2.MultiplyAddAdjacent(X86.Avx2.ConvertToVector256Int16(minimums), Vector256.Load((short*)sums)));
}
