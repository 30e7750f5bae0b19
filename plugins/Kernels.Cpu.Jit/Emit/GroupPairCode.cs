using Iced.Intel;
using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>As <see cref="GroupTileCode"/>, for two panels of 16 activation rows.</summary>
internal static class GroupPairCode
{
    private const int Rows = PairLoop.Rows, Width = 16, Fours = 8, Step = 0, Sum = 1, Product = 2, Float = 3;

    public static byte[] Emit(int zeroShift, bool hasMinimum, bool isStepFirst = false)
    {
        Vectors v = new(Width);
        return PairLoop.Emit(v, GroupTileCode.Lanes, GroupTileCode.Block, GroupTileCode.ActivationBytes(Width), () => AddGroup(v, zeroShift, hasMinimum, isStepFirst));
    }

    private static void AddGroup(Vectors v, int zeroShift, bool hasMinimum, bool isStepFirst)
    {
        for (int panel = 0; panel < 2; panel++)
        {
            int first = PairLoop.Integer + panel * Rows;
            if (zeroShift == 0)
            {
                for (int row = 0; row < Rows; row++)
                    v.Zero(first + row);
                continue;
            }
            v.Load(first, Vectors.Activations, GroupTileCode.NegatedSum(Width), Behind(panel));
            v.ShiftLeft(first, first, zeroShift);
            for (int row = 1; row < Rows; row++)
                v.Copy(first + row, first);
        }
        PairLoop.AddProducts(v, Fours, Vectors.Weights, GroupTileCode.RowBytes, Vectors.Activations);
        for (int panel = 0; panel < 2; panel++)
        {
            v.Load(Step, Vectors.Activations, GroupTileCode.Step(Width), Behind(panel));
            if (hasMinimum)
                v.Load(Sum, Vectors.Activations, GroupTileCode.Sum(Width), Behind(panel));
            for (int row = 0; row < Rows; row++)
            {
                int sum = panel * Rows + row, integer = PairLoop.Integer + sum;
                v.ToFloat(integer, integer);
                if (isStepFirst)
                    v.MultiplyFloats(integer, integer, Step);
                else
                    v.MultiplyFloats(Product, Step, Vectors.Weights, GroupTileCode.Scales + row * sizeof(float));
                v.Load(Float, PairLoop.Lane, sum * v.Bytes);
                if (isStepFirst)
                    v.MultiplyAdd(Float, integer, Vectors.Weights, GroupTileCode.Scales + row * sizeof(float));
                else
                    v.MultiplyAdd(Float, integer, Product);
                if (hasMinimum)
                    v.MultiplyAdd(Float, Sum, Vectors.Weights, GroupTileCode.Minimums + row * sizeof(float));
                v.Store(PairLoop.Lane, sum * v.Bytes, Float);
            }
        }
    }

    private static Register Behind(int panel) => panel == 0 ? Register.None : PairLoop.Distance;
}
