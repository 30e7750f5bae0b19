using System.Runtime.CompilerServices;

namespace Tessera.Kernels.Cpu.RowDots;

internal static unsafe partial class Int8Activation
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PrepareScalar(float* x, int columns, byte* destination)
    {
        sbyte* quants = (sbyte*)destination;
        int* negatedSums = (int*)(destination + NegatedSum4Offset(columns));
        float* scales = (float*)(destination + ScaleOffset(columns));
        float* sums = (float*)(destination + SumOffset(columns));
        int* negatedGroups = (int*)(destination + NegatedSumOffset(columns));
        for (int group = 0; group < columns / Group; group++, x += Group, quants += Group, negatedSums += Group / 4)
        {
            // Bits of |x| order as integers, with NaN above all.
            int bits = 0;
            for (int i = 0; i < Group; i++)
                bits = int.Max(bits, BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue);
            float maximum = BitConverter.Int32BitsToSingle(bits);
            float scale = maximum < SmallestMaximum ? 0 : maximum / 127;
            float inverse = maximum >= SmallestMaximum && float.IsFinite(maximum) ? 127 / maximum : 0;
            int sum = 0;
            for (int i = 0; i < Group; i += 4)
            {
                int four = 0;
                for (int k = i; k < i + 4; k++)
                {
                    quants[k] = inverse == 0 ? (sbyte)0 : (sbyte)MathF.Round(x[k] * inverse, MidpointRounding.ToEven);
                    four += quants[k];
                }
                negatedSums[i / 4] = -four;
                sum += four;
            }
            scales[group] = scale;
            sums[group] = scale * sum;
            negatedGroups[group] = -sum;
        }
    }
}
