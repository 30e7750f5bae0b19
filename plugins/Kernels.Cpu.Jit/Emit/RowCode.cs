using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Tessera.Kernels.Cpu.Jit.Emit;

/// <summary>
/// Weight rows in their file's bytes times one activation row: the layouts <c>cpu.row</c>. Some blocks are taken together. What blocks and activations look like is the derived classes'.
/// </summary>
/// <remarks>
/// The arguments are (weights rdi, rowBytes rsi, rowCount edx, columns ecx, activations r8, output r9). r11 is the block; rax, rbx, r12 and r13 the activation row's values and three more of its sections, r10, r14 and
/// r15 where these three begin; ebp the blocks that are left. Vector 16 holds the sums, 8 to 11 the integers of the blocks taken together.
/// </remarks>
internal abstract class RowCode : VectorCode
{
    /// <summary>The vector with the sums.</summary>
    protected const int Sum = 16;

    /// <summary>The first of the vectors with integers.</summary>
    protected const int Integers = 8;

    private const int Accumulators = 4, Ahead = 4096;

    /// <summary>Bytes of a block.</summary>
    protected abstract int BlockBytes { get; }

    /// <summary>Columns of a block, a power of two.</summary>
    protected abstract int BlockColumns { get; }

    /// <summary>Blocks that are taken together.</summary>
    protected abstract int Together { get; }

    /// <summary>What is added to rbx, r12 and r13 for blocks that were taken together.</summary>
    protected abstract (int Rbx, int R12, int R13) Steps { get; }

    /// <summary>Lets rbx, r12 and r13 point to the activation row's sections. rax, rbp and the vectors are free.</summary>
    protected abstract void Sections();

    /// <summary>Puts into registers what stays there.</summary>
    protected abstract void Prepare();

    /// <summary>Unpacks so many blocks and leaves their integers in registers.</summary>
    protected abstract void Multiply(int blocks);

    /// <summary>Adds the blocks' integers times their scales to the sums.</summary>
    protected abstract void AddToSum(int blocks);

    /// <summary>The four lanes of the first step in which lanes are added, to xmm5.</summary>
    protected abstract void Fold();

    /// <summary>The code; it does not depend on where it stands.</summary>
    public byte[] Emit()
    {
        Label next = C.CreateLabel(), group = C.CreateLabel(), rest = C.CreateLabel(), end = C.CreateLabel(), done = C.CreateLabel();
        Begin(done);
        C.Label(ref next);
        C.mov(r11, rdi);
        C.mov(rax, r8);
        C.mov(rbx, r10);
        C.mov(r12, r14);
        C.mov(r13, r15);
        C.vpxord(X[Sum], X[Sum], X[Sum]);
        C.mov(ebp, ecx);
        C.shr(ebp, (byte)System.Numerics.BitOperations.Log2((uint)BlockColumns));
        C.cmp(ebp, Together);
        C.jl(rest);
        C.Label(ref group);
        Group(Together);
        C.add(r11, Together * BlockBytes);
        C.add(rax, Together * BlockColumns);
        C.add(rbx, Steps.Rbx);
        C.add(r12, Steps.R12);
        C.add(r13, Steps.R13);
        C.sub(ebp, Together);
        C.cmp(ebp, Together);
        C.jge(group);
        C.Label(ref rest);
        for (int left = 1; left < Together; left++)
        {
            bool isLast = left + 1 == Together;
            Label other = isLast ? end : C.CreateLabel();
            C.cmp(ebp, left);
            C.jne(other);
            Group(left);
            if (isLast)
                break;
            C.jmp(end);
            C.Label(ref other);
        }
        C.Label(ref end);
        Write();
        C.add(r9, sizeof(float));
        C.add(rdi, rsi);
        C.dec(edx);
        C.jne(next);
        C.Label(ref done);
        Return();
        return Assemble();
    }

    /// <summary>Four vectors of integers, of which some are there, become one: element i of each 128 bits is the sum of those of vector i there. The result is in register 4.</summary>
    protected void Transpose(int there)
    {
        for (int at = there; at < Accumulators; at++)
            C.vpxor(X[Integers + at], X[Integers + at], X[Integers + at]);
        C.vpunpckldq(Z[4], Z[8], Z[9]);
        C.vpunpckhdq(Z[5], Z[8], Z[9]);
        C.vpaddd(Z[4], Z[4], Z[5]);
        C.vpunpckldq(Z[5], Z[10], Z[11]);
        C.vpunpckhdq(Z[13], Z[10], Z[11]);
        C.vpaddd(Z[5], Z[5], Z[13]);
        C.vpunpcklqdq(Z[13], Z[4], Z[5]);
        C.vpunpckhqdq(Z[4], Z[4], Z[5]);
        C.vpaddd(Z[4], Z[4], Z[13]);
    }

    private void Begin(Label done)
    {
        Push();
        C.test(edx, edx);
        C.jle(done);
        Sections();
        C.mov(r10, rbx);
        C.mov(r14, r12);
        C.mov(r15, r13);
        Prepare();
    }

    private void Group(int blocks)
    {
        for (int line = 0; line < blocks * BlockBytes; line += VectorBytes)
            C.prefetcht0(__byte_ptr[r11 + line + Ahead]);
        Multiply(blocks);
        AddToSum(blocks);
    }

    /// <summary>(0 + 2) + (1 + 3) of the four lanes.</summary>
    private void Write()
    {
        Fold();
        C.vmovhlps(X[4], X[5], X[5]);
        C.vaddps(X[5], X[5], X[4]);
        C.vmovshdup(X[4], X[5]);
        C.vaddss(X[5], X[5], X[4]);
        C.vmovss(__dword_ptr[r9], X[5]);
    }
}
