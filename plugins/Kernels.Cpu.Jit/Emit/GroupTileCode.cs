using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Eight rows of groups of 32 columns, one byte each, times a vector of activation rows: the layouts <c>cpu.group32</c>.</summary>
internal static class GroupTileCode
{
    /// <summary>The layout: lanes, and of a block of weights the bytes of a row, where scales and minimums stand, and the bytes of all.</summary>
    public const int Lanes = 8, RowBytes = 32, Scales = Rows * RowBytes, Minimums = Scales + Rows * sizeof(float), Block = Minimums + Rows * sizeof(float);

    private const int Rows = LaneLoop.Rows, Fours = 8;

    // Vectors: eight sums of floats, eight of integers, what is read.
    private const int Float = LaneLoop.Float, Integer = 24, Activation = 0, StepOf = 1, SumOf = 2, First = 3, Weight = 4, Weights = 8, Product = 12;

    /// <summary>Where a block of activations has its negated sums.</summary>
    public static int NegatedSum(int width) => 32 * width;

    /// <summary>Where it has its scales.</summary>
    public static int Step(int width) => 36 * width;

    /// <summary>Where it has its scaled sums.</summary>
    public static int Sum(int width) => 40 * width;

    /// <summary>Its bytes.</summary>
    public static int ActivationBytes(int width) => 44 * width;

    public static byte[] Emit(int width, int zeroShift, bool hasMinimum, bool isStepFirst = false)
    {
        Vectors v = new(width);
        return LaneLoop.Emit(v, Lanes, Block, ActivationBytes(width), () => AddGroup(v, width, zeroShift, hasMinimum, isStepFirst));
    }

    private static void AddGroup(Vectors v, int width, int zeroShift, bool hasMinimum, bool isStepFirst)
    {
        if (zeroShift > 0)
        {
            v.Load(First, Vectors.Activations, NegatedSum(width));
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
        v.Load(StepOf, Vectors.Activations, Step(width));
        if (hasMinimum)
            v.Load(SumOf, Vectors.Activations, Sum(width));
        for (int row = 0; row < Rows; row++)
        {
            v.ToFloat(Integer + row, Integer + row);
            if (isStepFirst)
            {
                v.MultiplyFloats(Integer + row, Integer + row, StepOf);
                v.MultiplyAdd(Float + row, Integer + row, Vectors.Weights, Scales + row * sizeof(float));
                continue;
            }
            v.MultiplyFloats(Product, StepOf, Vectors.Weights, Scales + row * sizeof(float));
            v.MultiplyAdd(Float + row, Integer + row, Product);
            if (hasMinimum)
                v.MultiplyAdd(Float + row, SumOf, Vectors.Weights, Minimums + row * sizeof(float));
        }
    }
}
