using System.Numerics;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>
/// Sixteen weight rows at a time, in their file's bytes, times any number of activation rows: the layouts <c>cpu.turned</c>. A block of each weight row is unpacked and turned once, so that a vector holds the same four
/// columns of all sixteen and an activation row's four columns, repeated, meet all of them in one instruction. What blocks and activations look like is the derived classes'.
/// </summary>
/// <remarks>
/// The arguments are (weights rdi, rowBytes rsi, rowCount edx, columns ecx, activations r8, stride r9; output, outputStride, count and scratch on the stack). r10 is three weight rows' bytes; r11 the block; r8 the first
/// activation row's columns of the block; r12 to r14 lead from a row's columns to its other sections; r15 is the scratch memory, which begins with the sums: of each lane a vector for each activation row.
/// rdx is what is asked for ahead. rax, rbx and rbp are the rows' pointers while they are unpacked, and free before; so is rcx but for super-blocks.
/// </remarks>
internal abstract partial class TurnedCode : VectorCode
{
    /// <summary>Weight rows that are taken together.</summary>
    public const int Strip = 16;

    private const int Slots = 9 * 8, Activations = 0, RowsLeft = 1, Lane = 2, First12 = 3, First13 = 4, First14 = 5, LanesEnd = 6, Blocks = 7, BlocksLeft = 8;

    private const int Output = 0, OutputStride = 1, Count = 2, Scratch = 3;

    /// <summary>Bytes of a block.</summary>
    protected abstract int BlockBytes { get; }

    /// <summary>Columns of a block, a power of two.</summary>
    protected abstract int BlockColumns { get; }

    /// <summary>How often <see cref="Turn"/> is called in a block.</summary>
    protected abstract int Turns { get; }

    /// <summary>Lanes that blocks are added to by turns: 4 or 8.</summary>
    protected abstract int Lanes { get; }

    /// <summary>What is added to r12 to r14 for a block, beside the columns that they are counted from.</summary>
    protected abstract (int R12, int R13, int R14) Steps { get; }

    /// <summary>Lets r12 to r14 lead from the first column to the sections. ecx is the number of columns, eax is free.</summary>
    protected abstract void Sections();

    /// <summary>Unpacks a block of all weight rows and adds its products to the lane by <see cref="AddToLane"/>.</summary>
    protected abstract void Block();

    /// <summary>The code.</summary>
    public byte[] Emit()
    {
        Label strip = C.CreateLabel(), block = C.CreateLabel(), sameLanes = C.CreateLabel(), written = C.CreateLabel(), done = C.CreateLabel();
        Begin(done);
        C.Label(ref strip);
        C.mov(r11, rdi);
        C.mov(r8, Slot(Activations));
        C.mov(r12, Slot(First12));
        C.mov(r13, Slot(First13));
        C.mov(r14, Slot(First14));
        // What is asked for is the strip behind this one, which lies where this one ends.
        C.lea(rdx, __[rdi + rsi * 8]);
        C.lea(rdx, __[rdx + rsi * 8]);
        ClearLanes();
        C.mov(eax, Slot32(Blocks));
        C.mov(Slot32(BlocksLeft), eax);
        C.test(eax, eax);
        C.je(written);
        C.Label(ref block);
        Block();
        C.add(rdx, Strip * BlockBytes);
        C.mov(rbp, Slot(Lane));
        C.mov(eax, Argument32(Count));
        C.shl(rax, 6);
        C.add(rbp, rax);
        C.cmp(rbp, Slot(LanesEnd));
        C.jne(sameLanes);
        C.mov(rbp, r15);
        C.Label(ref sameLanes);
        C.mov(Slot(Lane), rbp);
        C.add(r11, BlockBytes);
        C.add(r8, BlockColumns);
        C.add(r12, Steps.R12 - BlockColumns);
        C.add(r13, Steps.R13 - BlockColumns);
        C.add(r14, Steps.R14 - BlockColumns);
        C.dec(Slot32(BlocksLeft));
        C.jne(block);
        C.Label(ref written);
        Write();
        C.lea(rdi, __[rdi + rsi * 8]);
        C.lea(rdi, __[rdi + rsi * 8]);
        C.add(Argument(Output), VectorBytes);
        C.sub(Slot32(RowsLeft), Strip);
        C.jg(strip);
        C.Label(ref done);
        C.add(rsp, Slots);
        Return();
        return Assemble();
    }

    /// <summary>Lets a register point to the scratch memory behind all lanes.</summary>
    protected void LoadRest(AssemblerRegister64 to) => C.mov(to, Slot(LanesEnd));

    /// <summary>Adds a block's products to the lane's sums for each activation row: to nothing, in register 15, where the lane was not added to yet, else to what rbp points to.</summary>
    /// <param name="add">Leaves the new sums in register 0, given where the old ones are.</param>
    /// <param name="moving">Further registers that move by a vector.</param>
    protected void AddToLane(Action<bool> add, params AssemblerRegister64[] moving)
    {
        Label isLater = C.CreateLabel(), added = C.CreateLabel();
        C.mov(rbp, Slot(Lane));
        C.mov(eax, Slot32(Blocks));
        C.sub(eax, Slot32(BlocksLeft));
        C.cmp(eax, Lanes);
        C.jae(isLater);
        C.vpxor(X[15], X[15], X[15]);
        ForEachRow(() => Add(true), [rbp, .. moving]);
        C.jmp(added);
        C.Label(ref isLater);
        ForEachRow(() => Add(false), [rbp, .. moving]);
        C.Label(ref added);
        C.nop();

        void Add(bool isFirst)
        {
            add(isFirst);
            C.vmovups(__zmmword_ptr[rbp], Z[0]);
        }
    }

    /// <summary>The first two registers' product and the lane's sums, rounded once, to the first.</summary>
    protected void MultiplyAddLane(int to, int factor, bool isFirst)
    {
        if (isFirst)
            C.vfmadd213ps(Z[to], Z[factor], Z[15]);
        else
            C.vfmadd213ps(Z[to], Z[factor], __zmmword_ptr[rbp]);
    }

    /// <summary>Repeats instructions for each activation row: rax is its columns of the block, and further registers move by a vector.</summary>
    protected void ForEachRow(Action instructions, params AssemblerRegister64[] moving)
    {
        Label row = C.CreateLabel();
        C.mov(rax, r8);
        C.mov(ebx, Argument32(Count));
        C.Label(ref row);
        instructions();
        C.add(rax, r9);
        foreach (AssemblerRegister64 register in moving)
            C.add(register, VectorBytes);
        C.dec(ebx);
        C.jne(row);
    }

    /// <summary>Adds the products of sixteen weight rows and eight times four columns, or some of them.</summary>
    /// <param name="to">The sums.</param>
    /// <param name="weights">The first vector.</param>
    /// <param name="column">The first column of the block.</param>
    /// <param name="vectors">How many.</param>
    protected void AddDots(int to, int weights, int column, int vectors)
    {
        for (int i = 0; i < vectors; i++)
            C.vpdpbusd(Z[to], Z[weights + i], __dword_bcst[rax + column + 4 * i]);
    }

    private static AssemblerMemoryOperand Slot(int number) => __qword_ptr[rsp + 8 * number];

    private static AssemblerMemoryOperand Slot32(int number) => __dword_ptr[rsp + 8 * number];

    private static AssemblerMemoryOperand Argument(int number) => __qword_ptr[rsp + Slots + Pushed + 8 + 8 * number];

    private static AssemblerMemoryOperand Argument32(int number) => __dword_ptr[rsp + Slots + Pushed + 8 + 8 * number];

    private void Begin(Label done)
    {
        Push();
        C.sub(rsp, Slots);
        C.test(edx, edx);
        C.jle(done);
        C.cmp(Argument32(Count), 0);
        C.jle(done);
        C.mov(Slot(Activations), r8);
        C.mov(Slot32(RowsLeft), edx);
        C.mov(r15, Argument(Scratch));
        C.mov(Slot(Lane), r15);
        C.mov(eax, Argument32(Count));
        C.imul(eax, eax, Lanes * VectorBytes);
        C.add(rax, r15);
        C.mov(Slot(LanesEnd), rax);
        Sections();
        C.mov(Slot(First12), r12);
        C.mov(Slot(First13), r13);
        C.mov(Slot(First14), r14);
        C.shr(ecx, (byte)BitOperations.Log2((uint)BlockColumns));
        C.mov(Slot32(Blocks), ecx);
        C.lea(r10, __[rsi + rsi * 2]);
    }

    /// <summary>What no block is added to.</summary>
    private void ClearLanes()
    {
        Label more = C.CreateLabel(), begun = C.CreateLabel();
        C.mov(Slot(Lane), r15);
        C.cmp(Slot32(Blocks), Lanes);
        C.jae(begun);
        C.vpxor(X[0], X[0], X[0]);
        C.mov(rax, r15);
        C.Label(ref more);
        C.vmovdqu32(__zmmword_ptr[rax], Z[0]);
        C.add(rax, VectorBytes);
        C.cmp(rax, Slot(LanesEnd));
        C.jne(more);
        C.Label(ref begun);
    }

    /// <summary>((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)) or (0 + 2) + (1 + 3) of each activation row's lanes, to the output.</summary>
    private void Write()
    {
        Label row = C.CreateLabel();
        C.mov(ebx, Argument32(Count));
        C.mov(rcx, rbx);
        C.shl(rcx, 6);
        C.lea(rbp, __[rcx + rcx * 2]);
        C.mov(rax, r15);
        C.lea(rdx, __[rax + rcx * 4]);
        C.mov(r14, Argument(Output));
        C.mov(r13, Argument(OutputStride));
        C.shl(r13, 2);
        C.Label(ref row);
        for (int lane = 0; lane < 4; lane++)
        {
            C.vmovups(Z[lane], LaneAt(rax, lane));
            if (Lanes == 8)
                C.vaddps(Z[lane], Z[lane], LaneAt(rdx, lane));
        }
        C.vaddps(Z[0], Z[0], Z[2]);
        C.vaddps(Z[1], Z[1], Z[3]);
        C.vaddps(Z[0], Z[0], Z[1]);
        C.vmovups(__zmmword_ptr[r14], Z[0]);
        C.add(r14, r13);
        C.add(rax, VectorBytes);
        C.add(rdx, VectorBytes);
        C.dec(ebx);
        C.jne(row);
    }

    private static AssemblerMemoryOperand LaneAt(AssemblerRegister64 first, int lane) => lane switch { 0 => __zmmword_ptr[first], 1 => __zmmword_ptr[first + rcx], 2 => __zmmword_ptr[first + rcx * 2], _ => __zmmword_ptr[first + rbp] };
}
