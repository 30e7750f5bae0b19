using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Eight rows of groups of 32 columns, one byte each, times a vector of activation rows: the layouts <c>cpu.group32</c>.</summary>
internal static class GroupTileCode
{
    private const int Rows = LaneLoop.Rows, Lanes = 8, Fours = 8, RowBytes = 32;
    private const int Scales = Rows * RowBytes, Minimums = Scales + Rows * sizeof(float), Block = Minimums + Rows * sizeof(float);

    // Vectors: eight sums of floats, eight of integers, what is read.
    private const int Float = LaneLoop.Float, Integer = 24, Activation = 0, Step = 1, Sum = 2, First = 3, Weight = 4, Weights = 8, Product = 12;

    public static byte[] Emit(int width, int zeroShift, bool hasMinimum)
    {
        Vectors v = new(width);
        return LaneLoop.Emit(v, Lanes, Block, 44 * width, () => AddGroup(v, width, zeroShift, hasMinimum));
    }

    private static void AddGroup(Vectors v, int width, int zeroShift, bool hasMinimum)
    {
        int negatedSum = 32 * width, step = 36 * width, sum = 40 * width;
        if (zeroShift > 0)
        {
            v.Load(First, Vectors.Activations, negatedSum);
            v.ShiftLeft(First, First, zeroShift);
        }
        else
            v.Zero(First);
        for (int row = 0; row < Rows; row++)
            v.Copy(Integer + row, First);
        for (int four = 0; four < Fours; four++)
        {
            v.Load(Activation, Vectors.Activations, four * v.Bytes);
            for (int row = 0; row < Rows; row++)
            {
                int weight = Weight + row % Weights;
                v.Broadcast(weight, Vectors.Weights, row * RowBytes + four * sizeof(int));
                v.AddByteDot(Integer + row, weight, Activation);
            }
        }
        v.Load(Step, Vectors.Activations, step);
        if (hasMinimum)
            v.Load(Sum, Vectors.Activations, sum);
        for (int row = 0; row < Rows; row++)
        {
            v.ToFloat(Integer + row, Integer + row);
            v.MultiplyFloats(Product, Step, Vectors.Weights, Scales + row * sizeof(float));
            v.MultiplyAdd(Float + row, Integer + row, Product);
            if (hasMinimum)
                v.MultiplyAdd(Float + row, Sum, Vectors.Weights, Minimums + row * sizeof(float));
        }
    }
}
