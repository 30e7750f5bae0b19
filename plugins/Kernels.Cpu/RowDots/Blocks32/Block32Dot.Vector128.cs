using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots.Numerics;

namespace Tessera.Kernels.Cpu.RowDots.Blocks32;

internal static unsafe partial class Block32Dot
{
    private const int Together = 4;

    /// <summary>Four blocks at a time; what is left one by one, in the first lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Portable<TBlock>(byte* weights, nint rowBytes, int rowCount, int columns, byte* activation, float* output)
        where TBlock : struct, IBlock32
    {
        float* scales = (float*)(activation + Int8Activation.ScaleOffset(columns)), sums = (float*)(activation + Int8Activation.SumOffset(columns));
        int groups = columns / Columns;
        for (int row = 0; row < rowCount; row++, weights += rowBytes)
        {
            byte* block = weights;
            sbyte* q = (sbyte*)activation;
            Vector128<float> lanes = default;
            int group = 0;
            for (; group <= groups - Together; group += Together, block += Together * TBlock.Bytes, q += Together * Columns)
            {
                Vector128<int> dots = Vector128.Create(
                    Vector128.Sum(Signed<TBlock>(block, q)),
                    Vector128.Sum(Signed<TBlock>(block + TBlock.Bytes, q + Columns)),
                    Vector128.Sum(Signed<TBlock>(block + 2 * TBlock.Bytes, q + 2 * Columns)),
                    Vector128.Sum(Signed<TBlock>(block + 3 * TBlock.Bytes, q + 3 * Columns)));
                lanes = Vector128.FusedMultiplyAdd(Vector128.ConvertToSingle(dots), Halves<TBlock>(block) * Vector128.Load(scales + group), lanes);
                if (TBlock.HasMinimum)
                    lanes = Vector128.FusedMultiplyAdd(Halves<TBlock>(block + 2), Vector128.Load(sums + group), lanes);
            }
            for (; group < groups; group++, block += TBlock.Bytes, q += Columns)
            {
                float scale = HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block)) * scales[group];
                float sum = MathF.FusedMultiplyAdd(Vector128.Sum(Signed<TBlock>(block, q)), scale, lanes.ToScalar());
                if (TBlock.HasMinimum)
                    sum = MathF.FusedMultiplyAdd(HalfFloat.ToSingle(Unsafe.ReadUnaligned<ushort>(block + 2)), sums[group], sum);
                lanes = lanes.WithElement(0, sum);
            }
            output[row] = Vector128.Sum(lanes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Signed<TBlock>(byte* block, sbyte* q)
        where TBlock : struct, IBlock32
    {
        TBlock.Signed(block, out Vector128<sbyte> low, out Vector128<sbyte> high);
        return SignedDot.Add(SignedDot.Add(default, low, Vector128.Load(q)), high, Vector128.Load(q + 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Halves<TBlock>(byte* first)
        where TBlock : struct, IBlock32 =>
        HalfFloat.ToSingle(Vector128.Create(
            (int)Unsafe.ReadUnaligned<ushort>(first),
            Unsafe.ReadUnaligned<ushort>(first + TBlock.Bytes),
            Unsafe.ReadUnaligned<ushort>(first + 2 * TBlock.Bytes),
            Unsafe.ReadUnaligned<ushort>(first + 3 * TBlock.Bytes)));
}
