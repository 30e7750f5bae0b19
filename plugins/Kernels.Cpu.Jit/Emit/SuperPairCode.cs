using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;
using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>As <see cref="SuperTileCode"/>, for two panels of 16 activation rows. Integers are a group's; those of the block are in memory.</summary>
internal static class SuperPairCode
{
    private const int Rows = PairLoop.Rows, Width = 16;

    // Vectors once a block's products are there: pairs of the sums of columns from 0 on, then these.
    private const int Step = 8, Integers = 9, Product = 10, Float = 11;

    /// <param name="group">Fours of columns that share a scale.</param>
    /// <param name="hasMinimums">Whether offsets are minimums with a scale of their own.</param>
    public static byte[] Emit(int group, bool hasMinimums)
    {
        Vectors v = new(Width);
        return PairLoop.Emit(v, SuperTileCode.Lanes, SuperTileCode.Block, SuperTileCode.ActivationBytes(Width), () => AddBlock(v, group, hasMinimums));
    }

    private static void AddBlock(Vectors v, int group, bool hasMinimums)
    {
        Assembler c = v.General;
        int groups = 64 / group, scales = SuperTileCode.Lanes * PairLoop.Sums * v.Bytes, block = scales + Rows * SuperTileCode.RowScales;
        Label inside = c.CreateLabel();
        for (int row = 0; row < Rows; row++)
            v.ShiftSixteen(Register.R8, scales + row * SuperTileCode.RowScales, Vectors.Weights, SuperTileCode.Scales + row * SuperTileCode.RowScales, 16, Step);
        v.Zero(0);
        for (int sum = 0; sum < PairLoop.Sums; sum++)
            v.Store(Vectors.Scratch, block + sum * v.Bytes, 0);
        c.mov(r10, rdi);
        c.mov(r11, rsi);
        c.mov(rbx, r8);
        c.lea(r13, __[r8 + groups * sizeof(int)]);
        c.Label(ref inside);
        for (int sum = 0; sum < PairLoop.Sums; sum++)
            v.Zero(PairLoop.Integer + sum);
        PairLoop.AddProducts(v, group, Register.R10, SuperTileCode.RowBytes, Register.R11);
        for (int sum = 0; sum < PairLoop.Sums; sum++)
        {
            int integer = PairLoop.Integer + sum;
            v.MultiplyIntegers(integer, integer, Register.RBX, scales + sum % Rows * SuperTileCode.RowScales);
            v.AddIntegers(integer, integer, Vectors.Scratch, block + sum * v.Bytes);
            v.Store(Vectors.Scratch, block + sum * v.Bytes, integer);
        }
        c.add(r10, group * sizeof(int));
        c.add(r11, group * v.Bytes);
        c.add(rbx, sizeof(int));
        c.cmp(rbx, r13);
        c.jl(inside);
        for (int panel = 0; panel < 2; panel++)
            Finish(v, panel, block, hasMinimums, 32 / group);
    }

    /// <summary>Adds a block's integers and its offsets times their scales.</summary>
    private static void Finish(Vectors v, int panel, int block, bool hasMinimums, int pairs)
    {
        Register behind = panel == 0 ? Register.None : PairLoop.Distance;
        int sums = hasMinimums ? SuperTileCode.Sum32(Width) : SuperTileCode.Sum16(Width);
        for (int pair = 0; pair < pairs; pair++)
            v.Load(pair, Vectors.Activations, sums + pair * v.Bytes, behind);
        v.Load(Step, Vectors.Activations, SuperTileCode.Step(Width), behind);
        for (int row = 0; row < Rows; row++)
        {
            int sum = panel * Rows + row, offset = PairLoop.Integer + sum;
            v.Load(Integers, Vectors.Scratch, block + sum * v.Bytes);
            if (hasMinimums)
                v.Zero(offset);
            else
                v.Copy(offset, Integers);
            for (int pair = 0; pair < pairs; pair++)
                v.AddShortDot(offset, pair, Vectors.Weights, SuperTileCode.Offsets + row * SuperTileCode.RowOffsets + pair * sizeof(int));
            v.ToFloat(Integers, hasMinimums ? Integers : offset);
            v.MultiplyFloats(Product, Step, Vectors.Weights, SuperTileCode.Steps + row * sizeof(float));
            v.Load(Float, PairLoop.Lane, sum * v.Bytes);
            v.MultiplyAdd(Float, Integers, Product);
            if (hasMinimums)
            {
                v.ToFloat(offset, offset);
                v.MultiplyFloats(Product, Step, Vectors.Weights, SuperTileCode.MinimumSteps + row * sizeof(float));
                v.MultiplySubtract(Float, offset, Product);
            }
            v.Store(PairLoop.Lane, sum * v.Bytes, Float);
        }
    }
}
