using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;
using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>
/// What a tile of eight rows and two panels of 16 activation rows has around a block. A weight that is broadcast meets two vectors, so that not loads but products are the limit (measured on an Emerald Rapids whose ports a neighbour shares: 143 G
/// multiply-adds/s against 101). Sixteen integers leave no room for the sums of floats: these are in memory.
/// </summary>
internal static class PairLoop
{
    /// <summary>Weight rows of a tile.</summary>
    public const int Rows = LaneLoop.Rows;

    /// <summary>Sums of a tile, in vectors: those of the first panel's rows, then of the second's.</summary>
    public const int Sums = 2 * Rows;

    /// <summary>The first of the vectors that hold integers.</summary>
    public const int Integer = 16;

    /// <summary>Where a lane's sums of floats stand.</summary>
    public const Register Lane = Register.R12;

    /// <summary>The distance from the first panel of activations to the second.</summary>
    public const Register Distance = Register.R14;

    private const int Activation = 0, Weight = 2, Weights = 6;

    /// <param name="v">Where the code goes.</param>
    /// <param name="lanes">The number of lanes, a power of 2 up to 8.</param>
    /// <param name="weights">Bytes of a block of weights.</param>
    /// <param name="activations">Bytes of a block of activations.</param>
    /// <param name="block">Adds a block to the lane's sums. It keeps the arguments' registers, eax, r9, r12 and r14; rbx, r10, r11 and r13 are free.</param>
    public static byte[] Emit(Vectors v, int lanes, int weights, int activations, Action block)
    {
        Assembler c = v.General;
        Label lane = c.CreateLabel(), next = c.CreateLabel(), done = c.CreateLabel();
        c.push(rbx);
        c.push(r12);
        c.push(r13);
        c.push(r14);
        c.mov(r14, __[r8]);
        c.xor(eax, eax);
        c.mov(r12, r8);
        c.Label(ref lane);
        v.Zero(0);
        for (int sum = 0; sum < Sums; sum++)
            v.Store(Lane, sum * v.Bytes, 0);
        c.mov(r9d, eax);
        c.Label(ref next);
        c.cmp(r9d, edx);
        c.jge(done);
        block();
        c.add(rdi, weights);
        c.add(rsi, activations);
        c.add(r9d, lanes);
        c.jmp(next);
        c.Label(ref done);
        c.add(r12, Sums * v.Bytes);
        c.inc(eax);
        c.cmp(eax, lanes);
        c.jl(lane);
        LaneLoop.AddLanes(v, lanes, Sums);
        c.pop(r14);
        c.pop(r13);
        c.pop(r12);
        c.pop(rbx);
        return v.ToArray();
    }

    /// <summary>Adds the products of fours of columns to the integers.</summary>
    /// <param name="v">Where the code goes.</param>
    /// <param name="fours">Their number.</param>
    /// <param name="weights">Where the first row's columns stand.</param>
    /// <param name="rowBytes">Bytes from a row to the next.</param>
    /// <param name="activations">Where the first panel's columns stand.</param>
    public static void AddProducts(Vectors v, int fours, Register weights, int rowBytes, Register activations)
    {
        for (int four = 0; four < fours; four++)
        {
            v.Load(Activation, activations, four * v.Bytes);
            v.Load(Activation + 1, activations, four * v.Bytes, Distance);
            for (int row = 0; row < Rows; row++)
            {
                int weight = Weight + row % Weights;
                v.Broadcast(weight, weights, row * rowBytes + four * sizeof(int));
                v.AddByteDot(Integer + row, weight, Activation);
                v.AddByteDot(Integer + Rows + row, weight, Activation + 1);
            }
        }
    }
}
