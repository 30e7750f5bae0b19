using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>As <see cref="GroupTileCode"/> where 16 columns share a scale: the layouts <c>cpu.group32.by16step</c>. What the zero point takes away from a first half is summed here, from a second half what is left of the group's.</summary>
internal static class SixteenTileCode
{
    /// <summary>Fours of columns of a half, and a row's bytes.</summary>
    public const int Fours = 4, HalfBytes = GroupTileCode.RowBytes / 2;

    private const int Rows = LaneLoop.Rows;

    // Vectors: eight sums of floats, eight of integers, what is read, what is taken away, the zero point.
    private const int Float = LaneLoop.Float, Integer = 24, Activation = 0, Step = 1, First = 3, Weight = 4, Weights = 8, Taken = 12, Zero = 13;

    /// <summary>Where the scales of a half start in a block of weights.</summary>
    public static int Scales(int half) => half == 0 ? GroupTileCode.Scales : GroupTileCode.Minimums;

    /// <summary>A zero point of 2^shift in each of four bytes.</summary>
    public static int ZeroPoints(int zeroShift) => 0x01010101 << zeroShift;

    public static byte[] Emit(int width, int zeroShift)
    {
        Vectors v = new(width);
        return LaneLoop.Emit(v, GroupTileCode.Lanes, GroupTileCode.Block, GroupTileCode.ActivationBytes(width), () => AddGroup(v, width, zeroShift));
    }

    private static void AddGroup(Vectors v, int width, int zeroShift)
    {
        v.Constant(Zero, ZeroPoints(zeroShift));
        v.Zero(Taken);
        for (int four = 0; four < Fours; four++)
        {
            v.Load(Activation, Vectors.Activations, four * v.Bytes);
            v.AddByteDot(Taken, Zero, Activation);
        }
        for (int half = 0; half < 2; half++)
        {
            if (half == 0)
            {
                v.Zero(First);
                v.SubtractIntegers(First, First, Taken);
            }
            else
            {
                v.Load(First, Vectors.Activations, GroupTileCode.NegatedSum(width));
                v.ShiftLeft(First, First, zeroShift);
                v.AddIntegers(First, First, Taken);
            }
            for (int row = 0; row < Rows; row++)
                v.Copy(Integer + row, First);
            for (int four = half * Fours; four < (half + 1) * Fours; four++)
            {
                v.Load(Activation, Vectors.Activations, four * v.Bytes);
                for (int row = 0; row < Rows; row++)
                {
                    int weight = Weight + row % Weights;
                    v.Broadcast(weight, Vectors.Weights, row * GroupTileCode.RowBytes + four * sizeof(int));
                    v.AddByteDot(Integer + row, weight, Activation);
                }
            }
            v.Load(Step, Vectors.Activations, GroupTileCode.Step(width));
            for (int row = 0; row < Rows; row++)
            {
                v.ToFloat(Integer + row, Integer + row);
                v.MultiplyFloats(Integer + row, Integer + row, Step);
                v.MultiplyAdd(Float + row, Integer + row, Vectors.Weights, Scales(half) + row * sizeof(float));
            }
        }
    }
}
