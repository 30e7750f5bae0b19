using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;
using Vectors = Tessera.Kernels.Cpu.Jit.Emit.TileAssembler;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>What every tile has around a block: blocks lie lane by lane, each lane is summed in their order, and then the lanes are added, the halves first.</summary>
internal static class LaneLoop
{
    /// <summary>Weight rows of a tile.</summary>
    public const int Rows = 8;

    /// <summary>The first of the vectors that hold the rows' sums.</summary>
    public const int Float = 16;

    /// <param name="v">Where the code goes.</param>
    /// <param name="lanes">The number of lanes, a power of 2 up to 16.</param>
    /// <param name="weights">Bytes of a block of weights.</param>
    /// <param name="activations">Bytes of a block of activations.</param>
    /// <param name="block">Adds a block to the rows' sums. It keeps the arguments' registers, eax, r9 and r12; rbx, r10, r11 and r13 are free.</param>
    public static byte[] Emit(Vectors v, int lanes, int weights, int activations, Action block)
    {
        Assembler c = v.General;
        int laneBytes = Rows * v.Bytes;
        Label lane = c.CreateLabel(), next = c.CreateLabel(), done = c.CreateLabel();
        c.push(rbx);
        c.push(r12);
        c.push(r13);
        c.xor(eax, eax);
        c.mov(r12, r8);
        c.Label(ref lane);
        for (int row = 0; row < Rows; row++)
            v.Zero(Float + row);
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
        for (int row = 0; row < Rows; row++)
            v.Store(Register.R12, row * v.Bytes, Float + row);
        c.add(r12, laneBytes);
        c.inc(eax);
        c.cmp(eax, lanes);
        c.jl(lane);
        AddLanes(v, lanes, Rows);
        c.pop(r13);
        c.pop(r12);
        c.pop(rbx);
        return v.ToArray();
    }

    /// <summary>Adds the lanes' sums, the halves first. They stand in the scratch, lane after lane.</summary>
    /// <param name="v">Where the code goes.</param>
    /// <param name="lanes">The number of lanes.</param>
    /// <param name="sums">Vectors of a lane.</param>
    public static void AddLanes(Vectors v, int lanes, int sums)
    {
        for (int sum = 0; sum < sums; sum++)
        {
            for (int i = 0; i < lanes; i++)
                v.Load(i, Vectors.Scratch, (i * sums + sum) * v.Bytes);
            for (int half = lanes / 2; half > 0; half /= 2)
                for (int i = 0; i < half; i++)
                    v.AddFloats(i, i, i + half);
            v.Store(Vectors.Sums, sum * v.Bytes, 0);
        }
    }
}
