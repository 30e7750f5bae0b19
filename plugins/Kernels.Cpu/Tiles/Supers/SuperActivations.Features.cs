using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.SuperBlocks;

namespace Tessera.Kernels.Cpu.Tiles.Supers;

internal static unsafe partial class SuperActivations
{
    /// <summary>Where a block of a panel starts.</summary>
    public static byte* Block(byte* panel, int block, int columns, int width) => panel + (long)Panels.Place(block, columns / Int8SuperActivation.Block, SuperSum.Lanes) * Bytes(width);

    /// <summary>Rounds values that stand by features, <paramref name="width"/> floats for each column: bitwise what <see cref="Pack"/> makes of their rounded rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(float* x, int columns, int width, byte* panel)
    {
        for (int block = 0; block < columns / Int8SuperActivation.Block; block++, x += Int8SuperActivation.Block * width)
        {
            byte* to = Block(panel, block, columns, width);
            for (int row = 0; row < width; row += 8)
            {
                (Vector256<float> scale, Vector256<float> inverse, Vector256<int> rounded) = FeatureRounding.Scales(x + row, Int8SuperActivation.Block, width);
                scale.Store((float*)(to + Step(width)) + row);
                int* q = (int*)to + row, sum16 = (int*)(to + Sum16(width)) + row, sum32 = (int*)(to + Sum32(width)) + row;
                float* at = x + row;
                for (int i = 0; i < Int8SuperActivation.Block / 64; i++, sum32 += width)
                {
                    Vector256<int> a = Sixteen(ref at, ref q, width, inverse, rounded), b = Sixteen(ref at, ref q, width, inverse, rounded);
                    FeatureRounding.Shorts(a, b).Store(sum16);
                    Vector256<int> c = Sixteen(ref at, ref q, width, inverse, rounded), d = Sixteen(ref at, ref q, width, inverse, rounded);
                    FeatureRounding.Shorts(c, d).Store(sum16 + width);
                    FeatureRounding.Shorts(a + b, c + d).Store(sum32);
                    sum16 += 2 * width;
                }
            }
        }
    }

    // The sums of 16 columns, which are rounded on the way.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sixteen(ref float* x, ref int* q, int width, Vector256<float> inverse, Vector256<int> rounded)
    {
        Vector256<int> sum = default;
        for (int i = 0; i < 4; i++, x += 4 * width, q += width)
        {
            FeatureRounding.Four(x, width, inverse, rounded, out Vector256<int> four).Store(q);
            sum += four;
        }
        return sum;
    }
}
