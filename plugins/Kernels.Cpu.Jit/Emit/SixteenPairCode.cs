using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;
using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>As <see cref="SixteenTileCode"/>, for two panels of 16 activation rows.</summary>
internal static class SixteenPairCode
{
    private const int Rows = PairLoop.Rows, Width = 16, Activation = 0, Step = 0, Float = 3, Taken = 8, Zero = 10;

    // Where a half's columns stand.
    private const Register Weights = Register.R10, Activations = Register.R11;

    public static byte[] Emit(int zeroShift)
    {
        Vectors v = new(Width);
        return PairLoop.Emit(v, GroupTileCode.Lanes, GroupTileCode.Block, GroupTileCode.ActivationBytes(Width), () => AddGroup(v, zeroShift));
    }

    private static void AddGroup(Vectors v, int zeroShift)
    {
        v.Constant(Zero, SixteenTileCode.ZeroPoints(zeroShift));
        for (int panel = 0; panel < 2; panel++)
        {
            v.Zero(Taken + panel);
            for (int four = 0; four < SixteenTileCode.Fours; four++)
            {
                v.Load(Activation, Vectors.Activations, four * v.Bytes, Behind(panel));
                v.AddByteDot(Taken + panel, Zero, Activation);
            }
        }
        for (int half = 0; half < 2; half++)
        {
            for (int panel = 0; panel < 2; panel++)
                Start(v, half, panel, zeroShift);
            v.General.lea(r10, __[rdi + half * SixteenTileCode.HalfBytes]);
            v.General.lea(r11, __[rsi + half * SixteenTileCode.Fours * v.Bytes]);
            PairLoop.AddProducts(v, SixteenTileCode.Fours, Weights, GroupTileCode.RowBytes, Activations);
            for (int panel = 0; panel < 2; panel++)
            {
                v.Load(Step, Vectors.Activations, GroupTileCode.Step(Width), Behind(panel));
                for (int row = 0; row < Rows; row++)
                {
                    int sum = panel * Rows + row, integer = PairLoop.Integer + sum;
                    v.ToFloat(integer, integer);
                    v.MultiplyFloats(integer, integer, Step);
                    v.Load(Float, PairLoop.Lane, sum * v.Bytes);
                    v.MultiplyAdd(Float, integer, Vectors.Weights, SixteenTileCode.Scales(half) + row * sizeof(float));
                    v.Store(PairLoop.Lane, sum * v.Bytes, Float);
                }
            }
        }
    }

    private static void Start(Vectors v, int half, int panel, int zeroShift)
    {
        int first = PairLoop.Integer + panel * Rows;
        if (half == 0)
        {
            v.Zero(first);
            v.SubtractIntegers(first, first, Taken + panel);
        }
        else
        {
            v.Load(first, Vectors.Activations, GroupTileCode.NegatedSum(Width), Behind(panel));
            v.ShiftLeft(first, first, zeroShift);
            v.AddIntegers(first, first, Taken + panel);
        }
        for (int row = 1; row < Rows; row++)
            v.Copy(first + row, first);
    }

    private static Register Behind(int panel) => panel == 0 ? Register.None : PairLoop.Distance;
}
