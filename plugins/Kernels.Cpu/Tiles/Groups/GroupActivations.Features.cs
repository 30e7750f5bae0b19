using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tessera.Kernels.Cpu.RowDots;
using Tessera.Kernels.Cpu.RowDots.Blocks32;

namespace Tessera.Kernels.Cpu.Tiles.Groups;

internal static unsafe partial class GroupActivations
{
    /// <summary>Where a group of a panel starts.</summary>
    public static byte* Group(byte* panel, int group, int columns, int width) => panel + (long)Panels.Place(group, columns / Int8Activation.Group, GroupSum.Lanes) * Bytes(width);

    /// <summary>Rounds values that stand by features, <paramref name="width"/> floats for each column: bitwise what <see cref="Pack"/> makes of their rounded rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(float* x, int columns, int width, byte* panel)
    {
        for (int group = 0; group < columns / Int8Activation.Group; group++, x += Int8Activation.Group * width)
        {
            byte* to = Group(panel, group, columns, width);
            for (int row = 0; row < width; row += 8)
            {
                (Vector256<float> scale, Vector256<float> inverse, Vector256<int> rounded) = FeatureRounding.Scales(x + row, Int8Activation.Group, width);
                Vector256<int> sum = default;
                int* q = (int*)to + row;
                for (float* at = x + row, end = at + Int8Activation.Group * width; at < end; at += 4 * width, q += width)
                {
                    FeatureRounding.Four(at, width, inverse, rounded, out Vector256<int> four).Store(q);
                    sum += four;
                }
                (-sum).Store((int*)(to + NegatedSum(width)) + row);
                scale.Store((float*)(to + Step(width)) + row);
                (scale * Vector256.ConvertToSingle(sum)).Store((float*)(to + Sum(width)) + row);
            }
        }
    }
}
