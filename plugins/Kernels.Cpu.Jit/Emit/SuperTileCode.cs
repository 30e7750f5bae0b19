using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;
using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>Eight rows of super-blocks of 256 columns times a vector of activation rows: the layouts <c>cpu.super256</c>.</summary>
internal static class SuperTileCode
{
    /// <summary>The layout: lanes, and of a block of weights the bytes of a row's parts, where the parts stand, and the bytes of all.</summary>
    public const int Lanes = 4, RowBytes = 256, RowScales = 64, RowOffsets = 32;

    /// <inheritdoc cref="Lanes"/>
    public const int Scales = Rows * RowBytes, Offsets = Scales + Rows * RowScales, Steps = Offsets + Rows * RowOffsets, MinimumSteps = Steps + Rows * sizeof(float), Block = MinimumSteps + Rows * sizeof(float);

    private const int Rows = LaneLoop.Rows;

    // Vectors: eight sums of floats, eight of a block's integers, eight of a group's.
    private const int Float = LaneLoop.Float, Integer = 24, Group = 8, Activation = 0, Weight = 1, Weights = 7;

    /// <summary>Where a block of activations has its sums of 32 columns.</summary>
    public static int Sum32(int width) => 256 * width;

    /// <summary>Where it has its sums of 16 columns.</summary>
    public static int Sum16(int width) => 272 * width;

    /// <summary>Where it has its scales.</summary>
    public static int Step(int width) => 304 * width;

    /// <summary>Its bytes.</summary>
    public static int ActivationBytes(int width) => 308 * width;

    /// <param name="width">Activation rows.</param>
    /// <param name="group">Fours of columns that share a scale.</param>
    /// <param name="hasMinimums">Whether offsets are minimums with a scale of their own.</param>
    public static byte[] Emit(int width, int group, bool hasMinimums)
    {
        Vectors v = new(width);
        return LaneLoop.Emit(v, Lanes, Block, ActivationBytes(width), () => AddBlock(v, width, group, hasMinimums));
    }

    private static void AddBlock(Vectors v, int width, int group, bool hasMinimums)
    {
        Assembler c = v.General;
        int groups = 64 / group, room = Lanes * Rows * v.Bytes;
        Label inside = c.CreateLabel();
        // Each scale stands there twice, as shorts: the upper one, with its sign, is an integer. They go behind the lanes' sums.
        for (int row = 0; row < Rows; row++)
            v.ShiftSixteen(Register.R8, room + row * RowScales, Vectors.Weights, Scales + row * RowScales, 16, Weight);
        for (int row = 0; row < Rows; row++)
            v.Zero(Integer + row);
        c.mov(r10, rdi);
        c.mov(r11, rsi);
        c.mov(rbx, r8);
        c.lea(r13, __[r8 + groups * sizeof(int)]);
        c.Label(ref inside);
        for (int row = 0; row < Rows; row++)
            v.Zero(Group + row);
        for (int four = 0; four < group; four++)
        {
            v.Load(Activation, Register.R11, four * v.Bytes);
            for (int row = 0; row < Rows; row++)
            {
                int weight = Weight + row % Weights;
                v.Broadcast(weight, Register.R10, row * RowBytes + four * sizeof(int));
                v.AddByteDot(Group + row, weight, Activation);
            }
        }
        for (int row = 0; row < Rows; row++)
        {
            v.MultiplyIntegers(Group + row, Group + row, Register.RBX, room + row * RowScales);
            v.AddIntegers(Integer + row, Integer + row, Group + row);
        }
        c.add(r10, group * sizeof(int));
        c.add(r11, group * v.Bytes);
        c.add(rbx, sizeof(int));
        c.cmp(rbx, r13);
        c.jl(inside);
        Finish(v, hasMinimums, 32 / group, hasMinimums ? Sum32(width) : Sum16(width), Step(width));
    }

    /// <summary>Adds a block's integers and its offsets times their scales.</summary>
    private static void Finish(Vectors v, bool hasMinimums, int pairs, int sums, int step)
    {
        for (int pair = 0; pair < pairs; pair++)
            v.Load(pair, Vectors.Activations, sums + pair * v.Bytes);
        for (int row = 0; row < Rows; row++)
        {
            int offset = hasMinimums ? Group + row : Integer + row;
            if (hasMinimums)
                v.Zero(offset);
            for (int pair = 0; pair < pairs; pair++)
                v.AddShortDot(offset, pair, Vectors.Weights, Offsets + row * RowOffsets + pair * sizeof(int));
        }
        v.Load(0, Vectors.Activations, step);
        for (int row = 0; row < Rows; row++)
        {
            v.ToFloat(Integer + row, Integer + row);
            v.MultiplyFloats(1, 0, Vectors.Weights, Steps + row * sizeof(float));
            v.MultiplyAdd(Float + row, Integer + row, 1);
            if (!hasMinimums)
                continue;
            v.ToFloat(Group + row, Group + row);
            v.MultiplyFloats(2, 0, Vectors.Weights, MinimumSteps + row * sizeof(float));
            v.MultiplySubtract(Float + row, Group + row, 2);
        }
    }
}
